"""What STAC's own library makes of the results of a batch job: job-results.py <signed address of the results>.

Prints JSON: the collection, its items and their assets as pystac understands them, and what rasterio and xarray read at
the addresses of the assets. Whatever is no valid STAC ends it with an error.
"""

import json
import sys

import netCDF4
import numpy
import pystac
import rasterio
import requests
import xarray
from pystac.extensions.file import FileExtension
from pystac.extensions.projection import ProjectionExtension
from pystac.extensions.raster import RasterExtension
from pystac.validation.stac_validator import JsonSchemaSTACValidator

validator = JsonSchemaSTACValidator()


def check(thing):
    """Against the schemas of the core that pystac brings along. Those of extensions would be fetched from the network."""
    version = pystac.get_stac_version()
    validator.validate_core(thing.to_dict(transform_hrefs=False), thing.STAC_OBJECT_TYPE, version)


def read(href):
    answer = requests.get(href)
    assert answer.status_code == 200, answer.text
    return answer


def open_asset(asset):
    """Its mean, and how it lies on Earth, as the library for its type reads it at the asset's own address."""
    head = requests.head(asset.href)
    file = FileExtension.ext(asset)
    assert head.status_code == 200 and int(head.headers["content-length"]) == file.size, head.headers
    if asset.media_type.startswith("image/tiff"):
        with rasterio.open(asset.href) as source:
            values = source.read(masked=True).astype("float64")
            lies = {"crs": source.crs.to_epsg(), "shape": list(source.shape), "transform": list(source.transform)[:6]}
            return {"bands": list(source.descriptions), "mean": float(values.mean()), **lies}
    if asset.media_type == "application/json":
        return {"value": read(asset.href).json()}
    data = xarray.open_dataset(xarray.backends.NetCDF4DataStore(netCDF4.Dataset("memory", memory=read(asset.href).content)))
    bands = [name for name in data.data_vars if data[name].ndim >= 2]
    return {"bands": bands, "mean": float(numpy.nanmean([data[name].astype("float64").mean() for name in bands]))}


def describe(asset):
    projection, raster = ProjectionExtension.ext(asset), RasterExtension.ext(asset)
    return {
        "type": asset.media_type,
        "roles": asset.roles,
        "checksum": FileExtension.ext(asset).checksum,
        "code": projection.code,
        "shape": projection.shape,
        "transform": projection.transform,
        "bands": [band.to_dict() for band in raster.bands or []],
        "opened": open_asset(asset),
    }


def link(thing, rel):
    [found] = thing.get_links(rel)
    return found.href


address = sys.argv[1]
collection = pystac.Collection.from_file(address)
check(collection)
items = list(collection.get_items())
for item in items:
    check(item)
    # The way back is an address of its own right.
    assert pystac.Collection.from_file(link(item, "collection")).id == collection.id
    assert item.collection_id == collection.id
    assert pystac.Item.from_file(link(item, "self")).id == item.id

# The same as one item, for who asks for GeoJSON.
whole = pystac.Item.from_dict(requests.get(address, headers={"accept": "application/geo+json"}).json())
check(whole)

json.dump(
    {
        "collection": {
            "id": collection.id,
            "title": collection.title,
            "extent": collection.extent.to_dict(),
            "assets": {name: describe(asset) for name, asset in collection.assets.items()},
        },
        "items": [
            {
                "id": item.id,
                "bbox": item.bbox,
                "datetime": item.datetime and item.datetime.isoformat(),
                "interval": [item.properties.get("start_datetime"), item.properties.get("end_datetime")],
                "assets": {name: describe(asset) for name, asset in item.assets.items()},
            }
            for item in items
        ],
        "whole": {"bbox": whole.bbox, "assets": list(whole.assets)},
    },
    sys.stdout,
)
