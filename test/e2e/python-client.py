"""What a user of the standard's Python client does: python-client.py <server> <password> <collection.json> <folder>.

Prints one JSON line for each step: {"step": name, "error": null or text}.
"""

import json
import re
import sys
import textwrap
import traceback
from pathlib import Path

import numpy
import openeo
import rasterio
import requests
from openeo.api.process import Parameter
from openeo.rest import OpenEoApiError
from rasterio.windows import from_bounds

URL, PASSWORD, COLLECTION, FOLDER = sys.argv[1], sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4])
# Whole pixels of the sample's grid, in its own reference system.
AREA = {"west": 673000, "south": 5290000, "east": 674200, "north": 5290900, "crs": 32632}
DAY = ["2024-06-22", "2024-06-23"]
steps = []


def step(function):
    steps.append(function)
    return function


def load(bands, days=DAY):
    return connection.load_collection(
        "TILEGRAPH_SAMPLE", spatial_extent=AREA, temporal_extent=days, bands=bands
    )


def truth(band):
    """The band of the day as rasterio reads it from the collection's file: reflectance, and where there is data."""
    [file] = COLLECTION.parent.glob(f"**/*2024*06*22*/{band}.tif")
    with rasterio.open(file) as source:
        window = from_bounds(AREA["west"], AREA["south"], AREA["east"], AREA["north"], source.transform)
        raw = source.read(1, window=window, masked=True)
        return raw.filled(0) * 1e-4, ~numpy.ma.getmaskarray(raw)


def true_ndvi():
    (red, a), (infrared, b) = truth("B04"), truth("B08")
    with numpy.errstate(invalid="ignore", divide="ignore"):
        return (infrared - red) / (infrared + red), a & b


@step
def connects_and_logs_in():
    global connection
    connection = openeo.connect(URL)
    assert connection.capabilities().api_version() == "1.2.0"
    connection.authenticate_basic("admin", PASSWORD)
    assert connection.describe_account()["user_id"] == "admin"


@step
def refuses_a_wrong_password():
    try:
        openeo.connect(URL).authenticate_basic("admin", "wrong")
    except OpenEoApiError as error:
        assert error.code == "CredentialsInvalid", error.code
    else:
        raise AssertionError("logged in")


@step
def lists_what_there_is():
    assert connection.list_collection_ids() == ["TILEGRAPH_SAMPLE"]
    assert {"load_collection", "ndvi", "save_result"} <= {p["id"] for p in connection.list_processes()}
    assert {"PNG", "GTIFF"} <= {name.upper() for name in connection.list_output_formats()}
    assert [name.upper() for name in connection.list_service_types()] == ["XYZ"]
    assert "JavaScript" in connection.list_udf_runtimes()
    metadata = connection.collection_metadata("TILEGRAPH_SAMPLE")
    assert metadata.band_names[:4] == ["B02", "B03", "B04", "B08"], metadata.band_names
    assert connection.describe_process("ndvi")["id"] == "ndvi"
    connection.capabilities()._repr_html_()


@step
def validates():
    assert load(["B04", "B08"]).ndvi().validate() == []
    wrong = connection.datacube_from_process("add", x="one", y=2).validate()
    assert [problem["code"] for problem in wrong] == ["ProcessParameterInvalid"], wrong
    # The client validates by itself before it downloads, and warns.
    assert connection.validate_process_graph({"a": {"process_id": "nothing", "arguments": {}, "result": True}})


@step
def computes_a_picture():
    picture = FOLDER / "ndvi.png"
    ndvi = load(["B04", "B08"]).ndvi().max_time().linear_scale_range(-1, 1, 0, 255)
    ndvi.save_result("PNG").download(picture)
    with rasterio.open(picture) as source:
        grey = source.read(1).astype(float)
        assert (source.width, source.height) == (120, 90), (source.width, source.height)
    expected, is_valid = true_ndvi()
    assert numpy.abs(grey - (expected + 1) * 127.5)[is_valid].max() <= 1


@step
def computes_json():
    assert connection.datacube_from_process("add", x=1, y=2).execute() == 3
    cube = connection.execute(load(["B04"]).save_result("JSON"))
    red, is_valid = truth("B04")
    values = numpy.array(cube["data"], dtype=float)[0, 0]
    assert cube["order"] == ["t", "bands", "y", "x"] and values.shape == red.shape
    assert numpy.abs(values - red)[is_valid].max() < 1e-6
    assert numpy.isnan(values[~is_valid]).all()


@step
def computes_a_geotiff():
    file = FOLDER / "ndvi.tif"
    load(["B04", "B08"]).ndvi().max_time().download(file, format="GTiff")
    with rasterio.open(file) as source:
        assert source.crs.to_epsg() == 32632
        assert source.bounds == (AREA["west"], AREA["south"], AREA["east"], AREA["north"]), source.bounds
        assert source.res == (10, 10)
        values = source.read(1, masked=True)
    expected, is_valid = true_ndvi()
    assert (numpy.ma.getmaskarray(values) == ~is_valid).all()
    assert numpy.abs(values.filled(0) - expected)[is_valid].max() < 1e-5


@step
def computes_several_bands():
    file = FOLDER / "bands.tif"
    load(["B04", "B03", "B02"], ["2024-03-01", "2024-11-01"]).median_time().download(file, format="GTiff")
    with rasterio.open(file) as source:
        assert source.count == 3
        assert source.descriptions == ("B04", "B03", "B02"), source.descriptions


@step
def computes_with_band_arithmetic_and_masks():
    cube = load(["B04", "B08", "SCL"])
    red, infrared, classes = cube.band("B04"), cube.band("B08"), cube.band("SCL")
    index = ((infrared - red) / (infrared + red)).mask((classes == 3) | (classes == 8) | (classes == 9))
    file = FOLDER / "masked.tif"
    index.max_time().download(file, format="GTiff")
    with rasterio.open(file) as source:
        values = source.read(1, masked=True)
    expected, _ = true_ndvi()
    is_there = ~numpy.ma.getmaskarray(values)
    assert is_there.any()
    assert numpy.abs(values.filled(0) - expected)[is_there].max() < 1e-5


@step
def stores_a_process_and_uses_it():
    fahrenheit = Parameter.number("fahrenheit", description="Degrees")
    graph = connection.datacube_from_process("divide", x=connection.datacube_from_process(
        "subtract", x=fahrenheit, y=32), y=1.8)
    stored = connection.save_user_defined_process("to_celsius", graph, parameters=[fahrenheit])
    assert [process["id"] for process in connection.list_user_defined_processes()] == ["to_celsius"]
    assert stored.describe()["parameters"][0]["name"] == "fahrenheit"
    value = connection.datacube_from_process("to_celsius", fahrenheit=212).execute()
    assert abs(value - 100) < 1e-9, value
    # And one over a cube.
    data = Parameter.raster_cube(name="data")
    scaled = connection.datacube_from_process("ndvi", data=data)
    connection.save_user_defined_process("greenness", scaled, parameters=[data])
    file = FOLDER / "greenness.tif"
    load(["B04", "B08"]).process("greenness", data=load(["B04", "B08"])).max_time().download(file, format="GTiff")
    with rasterio.open(file) as source:
        values = source.read(1, masked=True)
    expected, is_valid = true_ndvi()
    assert numpy.abs(values.filled(0) - expected)[is_valid].max() < 1e-5
    stored.delete()
    connection.user_defined_process("greenness").delete()
    assert len(connection.list_user_defined_processes()) == 0


@step
def keeps_files():
    source = FOLDER / "region.geojson"
    source.write_text(json.dumps({"type": "FeatureCollection", "features": []}))
    file = connection.upload_file(source, target="areas/region.geojson")
    assert [str(one.path) for one in connection.list_files()] == ["areas/region.geojson"]
    back = file.download(FOLDER / "back.geojson")
    assert back.read_text() == source.read_text()
    file.delete()
    assert connection.list_files() == []


@step
def publishes_tiles():
    red_green_blue = connection.load_collection("TILEGRAPH_SAMPLE", bands=["B04", "B03", "B02"]).median_time()
    service = red_green_blue.tiled_viewing_service(type="XYZ", title="Colours", configuration={"scope": "public"})
    assert service.service_id in [one["id"] for one in connection.list_services()]
    described = service.describe_service()
    tile = requests.get(described["url"].replace("{z}", "13").replace("{x}", "4354").replace("{y}", "2856"))
    assert tile.status_code == 200 and tile.headers["content-type"] == "image/png", tile.text[:200]
    (FOLDER / "tile.png").write_bytes(tile.content)
    with rasterio.open(FOLDER / "tile.png") as source:
        assert source.shape == (256, 256) and len(numpy.unique(source.read(1))) > 50
    service.delete_service()
    assert service.service_id not in [one["id"] for one in connection.list_services()]


@step
def runs_a_batch_job():
    cube = load(["B04", "B08"]).ndvi(red="B04", nir="B08")
    job = cube.save_result("GTiff").create_job(title="NDVI")
    assert job.status() == "created"
    assert [entry["message"] for entry in job.logs()] == ["The job was created"]
    assert job.estimate()["size"] > 0
    job.start_and_wait(print=lambda *_: None, max_poll_interval=0.5)
    assert job.status() == "finished"
    assert "Stored result.tif" in [entry["message"] for entry in job.logs()]
    results = job.get_results()
    assert results.get_metadata()["type"] == "Collection"
    [asset] = results.get_assets()
    path = asset.download(FOLDER / "job.tif")
    assert path.stat().st_size == asset.metadata["file:size"]
    with rasterio.open(path) as source:
        assert [source.height, source.width] == asset.metadata["proj:shape"]
        assert source.crs.to_epsg() == asset.metadata["proj:epsg"]
        expected, valid = true_ndvi()
        assert numpy.allclose(source.read(1)[valid], expected[valid], atol=1e-5)
    # With the documents of STAC beside the files, as the client makes a folder of them.
    paths = {path.name for path in results.download_files(FOLDER / "all")}
    assert {"result.tif", "job-results.json"} <= paths, paths
    job.delete()
    assert job.job_id not in [one["id"] for one in connection.list_jobs()]


@step
def tells_why_a_batch_job_failed():
    cube = connection.load_stac("https://elsewhere.example/item.json")
    job = cube.save_result("GTiff").create_job()
    try:
        job.start_and_wait(print=lambda *_: None, max_poll_interval=0.5)
    except Exception:
        pass
    assert job.status() == "error"
    assert "elsewhere.example" in " ".join(entry["message"] for entry in job.logs(level="error"))
    job.delete()


@step
def explains_errors():
    try:
        connection.load_collection("TILEGRAPH_SAMPLE", spatial_extent=AREA, temporal_extent=DAY, bands=["B99"]).execute()
    except (OpenEoApiError, ValueError) as error:
        assert "B99" in str(error), error
    else:
        raise AssertionError("computed")


@step
def runs_the_readme():
    """The README's Python, with this server's address and password in their places."""
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    [code] = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    assert '"http://127.0.0.1:8080"' in code and '"…"' in code
    code = code.replace("http://127.0.0.1:8080", URL).replace("…", PASSWORD)
    code = code.replace('"ndvi.png"', repr(str(FOLDER / "readme.png")))
    names = {}
    exec(compile(textwrap.dedent(code), "README.md", "exec"), names)
    with rasterio.open(FOLDER / "readme.png") as source:
        assert len(numpy.unique(source.read(1))) > 50
    names["service"].delete_service()


for function in steps:
    error = None
    try:
        function()
    except Exception:
        error = traceback.format_exc()
    print(json.dumps({"step": function.__name__, "error": error}), flush=True)
