/** The media types of images. Source: OCI image-spec, media-types.md; distribution, "Image Manifest V 2, Schema 2". */

export const layerMediaType = "application/vnd.oci.image.layer.v1.tar";
