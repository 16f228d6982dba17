import { OpenEOError } from '../base/errors';
import type { TileMatrixSet } from '../geo/tile-matrix-set';
import { findFormat } from '../raster/formats/registry';
import { drawingOf } from './draw';
import type { Evaluated } from './evaluate';
import type { PreparedService } from './prepared-services';
import { serviceBounds } from './tilejson';

const entities: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&apos;'],
]);

function isXmlCharacter(character: string): boolean {
  const code = character.codePointAt(0)!;
  return code >= 32 ? code !== 0xfffe && code !== 0xffff : code === 9 || code === 10 || code === 13;
}

/** Text inside XML elements and attributes. Characters that XML 1.0 cannot hold are left out. */
export function escapeXml(text: string): string {
  return [...text.toWellFormed()]
    .filter(isXmlCharacter)
    .map((character) => entities.get(character) ?? character)
    .join('');
}

interface TileMatrix {
  readonly id: string;
  readonly scaleDenominator: number;
  readonly pointOfOrigin: readonly number[];
  readonly matrixWidth: number;
  readonly matrixHeight: number;
}

/** URNs and axis order as WMTS 1.0.0 clients expect them: CRS84 stays longitude first. */
function crsUrn(matrixSet: TileMatrixSet): string {
  return matrixSet.crs.isGeographic
    ? 'urn:ogc:def:crs:OGC:1.3:CRS84'
    : `urn:ogc:def:crs:EPSG::${matrixSet.crs.epsg}`;
}

function tileMatrices(matrixSet: TileMatrixSet, tileSize: number, minzoom: number, maxzoom: number): string {
  const matrices = (matrixSet.document()['tileMatrices'] as readonly TileMatrix[]).slice(
    minzoom,
    maxzoom + 1,
  );
  return matrices
    .map(
      (matrix) => `      <TileMatrix>
        <ows:Identifier>${matrix.id}</ows:Identifier>
        <ScaleDenominator>${matrix.scaleDenominator / (tileSize / 256)}</ScaleDenominator>
        <TopLeftCorner>${matrix.pointOfOrigin[0]} ${matrix.pointOfOrigin[1]}</TopLeftCorner>
        <TileWidth>${tileSize}</TileWidth>
        <TileHeight>${tileSize}</TileHeight>
        <MatrixWidth>${matrix.matrixWidth}</MatrixWidth>
        <MatrixHeight>${matrix.matrixHeight}</MatrixHeight>
      </TileMatrix>`,
    )
    .join('\n');
}

/** Addresses of a service's WMTS, absolute, each with its query string where one is needed. */
export interface WmtsAddresses {
  /** Key-value requests; ends with `?` or `&`. */
  readonly kvp: string;
  /** The capabilities document. */
  readonly capabilities: string;
  /** A tile, with `{TileMatrix}`, `{TileRow}` and `{TileCol}`. */
  readonly tile: string;
}

/** The capabilities of a service as OGC WMTS 1.0.0, with one layer (OGC 07-057r7). */
export function wmtsCapabilities(
  prepared: PreparedService,
  evaluated: Evaluated | undefined,
  addresses: WmtsAddresses,
): string {
  const { service, settings, matrixSet } = prepared;
  const [west, south, east, north] = serviceBounds(prepared, evaluated);
  const title = escapeXml(service.title ?? service.id);
  const format = evaluated ? drawingOf(evaluated, settings).format : settings.format;
  const mediaType = findFormat(format)?.mediaType ?? 'image/png';
  const operation = (name: string) => `    <ows:Operation name="${name}">
      <ows:DCP><ows:HTTP><ows:Get xlink:href="${escapeXml(addresses.kvp)}">
        <ows:Constraint name="GetEncoding"><ows:AllowedValues><ows:Value>KVP</ows:Value></ows:AllowedValues></ows:Constraint>
      </ows:Get></ows:HTTP></ows:DCP>
    </ows:Operation>`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<Capabilities xmlns="http://www.opengis.net/wmts/1.0" xmlns:ows="http://www.opengis.net/ows/1.1" xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://www.opengis.net/wmts/1.0 http://schemas.opengis.net/wmts/1.0/wmtsGetCapabilities_response.xsd" version="1.0.0">
  <ows:ServiceIdentification>
    <ows:Title>${title}</ows:Title>
    <ows:Abstract>${escapeXml(service.description ?? '')}</ows:Abstract>
    <ows:ServiceType>OGC WMTS</ows:ServiceType>
    <ows:ServiceTypeVersion>1.0.0</ows:ServiceTypeVersion>
  </ows:ServiceIdentification>
  <ows:OperationsMetadata>
${operation('GetCapabilities')}
${operation('GetTile')}
  </ows:OperationsMetadata>
  <Contents>
    <Layer>
      <ows:Title>${title}</ows:Title>
      <ows:WGS84BoundingBox>
        <ows:LowerCorner>${west} ${south}</ows:LowerCorner>
        <ows:UpperCorner>${east} ${north}</ows:UpperCorner>
      </ows:WGS84BoundingBox>
      <ows:Identifier>${escapeXml(service.id)}</ows:Identifier>
      <Style isDefault="true"><ows:Identifier>default</ows:Identifier></Style>
      <Format>${mediaType}</Format>
      <TileMatrixSetLink><TileMatrixSet>${matrixSet.id}</TileMatrixSet></TileMatrixSetLink>
      <ResourceURL format="${mediaType}" resourceType="tile" template="${escapeXml(addresses.tile)}"/>
    </Layer>
    <TileMatrixSet>
      <ows:Identifier>${matrixSet.id}</ows:Identifier>
      <ows:SupportedCRS>${crsUrn(matrixSet)}</ows:SupportedCRS>
${tileMatrices(matrixSet, settings.tileSize, settings.minzoom, settings.maxzoom)}
    </TileMatrixSet>
  </Contents>
  <ServiceMetadataURL xlink:href="${escapeXml(addresses.capabilities)}"/>
</Capabilities>
`;
}

/** What is wrong with a tile's address in the words of OWS; undefined for other errors. */
export function wmtsExceptionOf(error: unknown): WmtsException | undefined {
  if (error instanceof WmtsException) return error;
  const isAddress =
    error instanceof OpenEOError && ['TileInvalid', 'TileOutsideService'].includes(error.code);
  return isAddress
    ? new WmtsException('TileOutOfRange', 'TileMatrix,TileRow,TileCol', error.message)
    : undefined;
}

/** What a key-value request asks for. */
export type WmtsRequest =
  | { readonly kind: 'capabilities' }
  | { readonly kind: 'tile'; readonly tile: { readonly z: string; readonly x: string; readonly y: string } };

/** A WMTS request that is wrong in the sense of OWS; answered as an ows:ExceptionReport. */
class WmtsException extends OpenEOError {
  constructor(
    readonly exceptionCode:
      | 'MissingParameterValue'
      | 'InvalidParameterValue'
      | 'OperationNotSupported'
      | 'TileOutOfRange',
    readonly locator: string,
    message: string,
  ) {
    super('RequestInvalid', {}, { message });
  }

  toXml(): string {
    return `<?xml version="1.0" encoding="UTF-8"?>
<ExceptionReport xmlns="http://www.opengis.net/ows/1.1" version="1.1.0" xml:lang="en">
  <Exception exceptionCode="${this.exceptionCode}" locator="${escapeXml(this.locator)}">
    <ExceptionText>${escapeXml(this.message)}</ExceptionText>
  </Exception>
</ExceptionReport>
`;
  }
}

/**
 * Reads a key-value request; names are case-insensitive.
 * @throws WmtsException
 */
export function readWmtsRequest(
  query: ReadonlyMap<string, string>,
  { service, matrixSet }: PreparedService,
): WmtsRequest {
  const values = new Map([...query].map(([name, value]) => [name.toLowerCase(), value]));
  const required = (name: string): string => {
    const value = values.get(name.toLowerCase());
    if (!value) throw new WmtsException('MissingParameterValue', name, `The parameter ${name} is missing`);
    return value;
  };
  const expect = (name: string, expected: string) => {
    if (required(name) !== expected)
      throw new WmtsException('InvalidParameterValue', name, `${name} must be ${expected}`);
  };
  if (required('service').toUpperCase() !== 'WMTS')
    throw new WmtsException('InvalidParameterValue', 'service', 'service must be WMTS');
  const operation = required('request');
  if (operation.toLowerCase() === 'getcapabilities') return { kind: 'capabilities' };
  if (operation.toLowerCase() !== 'gettile') {
    throw new WmtsException(
      'OperationNotSupported',
      'request',
      'The operations are GetCapabilities and GetTile',
    );
  }
  expect('layer', service.id);
  expect('tilematrixset', matrixSet.id);
  return {
    kind: 'tile',
    tile: { z: required('tilematrix'), x: required('tilecol'), y: required('tilerow') },
  };
}

/** Names that belong to WMTS and never reach the graph. */
export const wmtsParameterNames: ReadonlySet<string> = new Set([
  'service',
  'request',
  'version',
  'layer',
  'style',
  'format',
  'tilematrixset',
  'tilematrix',
  'tilerow',
  'tilecol',
]);
