//! Bodies as agents compress them: the levels are those SDKs and Collectors use by default.

use std::io::Write;

use anyhow::{Context, Result};
use bytes::Bytes;

use super::Encoding;

const ZSTD_LEVEL: i32 = 3;

impl Encoding {
    /// Name in `content-encoding` and `grpc-encoding`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }

    pub(crate) fn apply(self, body: Bytes) -> Result<Bytes> {
        match self {
            Self::Identity => Ok(body),
            Self::Gzip => gzip(&body).context("cannot gzip a body"),
            Self::Zstd => zstd::bulk::compress(&body, ZSTD_LEVEL)
                .map(Bytes::from)
                .context("cannot compress a body"),
        }
    }
}

/// A remote write's only coding: snappy's block format.
pub(super) fn snappy(body: &[u8]) -> Result<Bytes> {
    let compressed = snap::raw::Encoder::new().compress_vec(body);
    compressed.map(Bytes::from).context("cannot compress a body")
}

fn gzip(body: &[u8]) -> std::io::Result<Bytes> {
    let mut out = flate2::write::GzEncoder::new(
        Vec::with_capacity(body.len() / 4),
        flate2::Compression::default(),
    );
    out.write_all(body)?;
    out.finish().map(Bytes::from)
}
