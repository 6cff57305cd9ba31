//! The pages of a row group, decompressed by one decompressor.
//!
//! Parquet's own page readers make a compressor and a decompressor for each column, some hundred kilobytes: of a few rows
//! out of sixty columns that is most of the work. Here they are told that nothing is compressed, and what they give is
//! decompressed behind them.

use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use parquet::{
    arrow::{
        ProjectionMask,
        arrow_reader::{ParquetRecordBatchReader, RowGroups, RowSelection},
        parquet_to_arrow_field_levels,
    },
    basic::Compression,
    column::page::{Page, PageIterator, PageMetadata, PageReader},
    errors::ParquetError,
    file::{
        metadata::{ParquetMetaData, RowGroupMetaData},
        serialized_reader::SerializedPageReader,
    },
};
use zstd::{bulk::Decompressor, zstd_safe::get_frame_content_size};

use super::{File, Opened, READ_ROWS};

/// A page has some thousand values; a record's text is below a mebibyte. A frame that says more is damaged.
const MAX_PAGE: usize = 256 << 20;

/// A decompressor that readers of several columns and row groups share.
#[derive(Clone)]
pub(crate) struct Unpacker(Arc<Mutex<Decompressor<'static>>>);

impl Unpacker {
    pub(crate) fn new() -> Result<Unpacker, ParquetError> {
        Ok(Unpacker(Arc::new(Mutex::new(Decompressor::new()?))))
    }

    /// A row group of a segment.
    pub(super) fn group<'s>(&self, segment: &'s Opened, number: usize) -> Group<'s> {
        Group { segment, number, unpacker: self.clone() }
    }

    fn unpack(&self, packed: &[u8], size: usize) -> Result<Vec<u8>, ParquetError> {
        Ok(self.0.lock().decompress(packed, size)?)
    }
}

/// A row group to be read.
pub(super) struct Group<'s> {
    segment: &'s Opened,
    number: usize,
    unpacker: Unpacker,
}

impl Group<'_> {
    /// All of its rows with all columns, so many at a time.
    pub(super) fn batches(&self, rows: usize) -> Result<ParquetRecordBatchReader, ParquetError> {
        let Opened { footer, .. } = self.segment;
        let fields = Some(footer.schema().fields());
        let levels =
            parquet_to_arrow_field_levels(footer.parquet_schema(), ProjectionMask::all(), fields)?;
        ParquetRecordBatchReader::try_new_with_row_groups(&levels, self, rows, None)
    }

    /// Some of its rows, with some columns, as a schema says.
    pub(super) fn rows(
        &self,
        schema: &arrow::datatypes::SchemaRef,
        columns: ProjectionMask,
        rows: RowSelection,
    ) -> Result<ParquetRecordBatchReader, ParquetError> {
        let described = self.segment.footer.parquet_schema();
        let levels = parquet_to_arrow_field_levels(described, columns, Some(schema.fields()))?;
        ParquetRecordBatchReader::try_new_with_row_groups(&levels, self, READ_ROWS, Some(rows))
    }

    /// The pages of a column: those where they are known to be, or one after the other.
    pub(super) fn pages(&self, column: usize, located: bool) -> Result<Unpacked, ParquetError> {
        let metadata = self.segment.footer.metadata();
        let chunk = metadata.row_group(self.number).column(column);
        let is_packed = match chunk.compression() {
            Compression::UNCOMPRESSED => false,
            Compression::ZSTD(_) => true,
            other => return Err(ParquetError::General(format!("compressed by {other}"))),
        };
        let plain = chunk.clone().into_builder().set_compression(Compression::UNCOMPRESSED);
        let index = metadata.page_index_for_row_group(self.number);
        let locations = index.page_locations(column).filter(|_| located).cloned();
        let file = Arc::new(self.segment.file.clone());
        let rows = self.segment.rows_of_group(self.number);
        let pages = SerializedPageReader::new(file, &plain.build()?, rows, locations)?;
        Ok(Unpacked { pages, is_packed, unpacker: self.unpacker.clone() })
    }
}

impl RowGroups for Group<'_> {
    fn num_rows(&self) -> usize {
        self.segment.rows_of_group(self.number)
    }

    fn column_chunks(&self, column: usize) -> Result<Box<dyn PageIterator>, ParquetError> {
        Ok(Box::new(Chunk(Some(self.pages(column, true)?))))
    }

    fn row_groups(&self) -> Box<dyn Iterator<Item = &RowGroupMetaData> + '_> {
        Box::new(std::iter::once(self.metadata().row_group(self.number)))
    }

    fn metadata(&self) -> &ParquetMetaData {
        self.segment.footer.metadata()
    }
}

/// The one chunk that a column has in a row group.
struct Chunk(Option<Unpacked>);

impl Iterator for Chunk {
    type Item = Result<Box<dyn PageReader>, ParquetError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.take().map(|pages| Ok(Box::new(pages) as Box<dyn PageReader>))
    }
}

impl PageIterator for Chunk {}

/// The pages of a column in a row group.
pub(super) struct Unpacked {
    pages: SerializedPageReader<File>,
    is_packed: bool,
    unpacker: Unpacker,
}

impl Unpacked {
    fn unpack(&self, mut page: Page) -> Result<Page, ParquetError> {
        if !self.is_packed {
            return Ok(page);
        }
        match &mut page {
            Page::DataPage { buf, .. } | Page::DictionaryPage { buf, .. } => {
                *buf = self.decompressed(buf, 0)?;
            }
            // Which values are missing stands before what is compressed.
            Page::DataPageV2 {
                buf,
                def_levels_byte_len,
                rep_levels_byte_len,
                is_compressed: true,
                ..
            } => {
                let levels = *def_levels_byte_len as usize + *rep_levels_byte_len as usize;
                *buf = self.decompressed(buf, levels)?;
            }
            Page::DataPageV2 { .. } => {}
        }
        Ok(page)
    }

    /// Bytes of which those from `start` on are compressed.
    fn decompressed(&self, bytes: &Bytes, start: usize) -> Result<Bytes, ParquetError> {
        let damaged = || ParquetError::General("a page is damaged".to_owned());
        let (plain, packed) = bytes.split_at_checked(start).ok_or_else(damaged)?;
        if packed.is_empty() {
            return Ok(bytes.clone());
        }
        let size = get_frame_content_size(packed).ok().flatten().ok_or_else(damaged)?;
        let size = usize::try_from(size).ok().filter(|size| *size <= MAX_PAGE);
        let content = self.unpacker.unpack(packed, size.ok_or_else(damaged)?)?;
        if plain.is_empty() {
            return Ok(content.into());
        }
        Ok([plain, &content].concat().into())
    }
}

impl PageReader for Unpacked {
    fn get_next_page(&mut self) -> Result<Option<Page>, ParquetError> {
        let page = self.pages.get_next_page()?;
        page.map(|page| self.unpack(page)).transpose()
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>, ParquetError> {
        self.pages.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<(), ParquetError> {
        self.pages.skip_next_page()
    }

    fn supports_deferred_dictionary(&self) -> bool {
        self.pages.supports_deferred_dictionary()
    }

    fn take_deferred_dictionary(&mut self) -> Result<Option<Page>, ParquetError> {
        let page = self.pages.take_deferred_dictionary()?;
        page.map(|page| self.unpack(page)).transpose()
    }

    fn at_record_boundary(&mut self) -> Result<bool, ParquetError> {
        self.pages.at_record_boundary()
    }
}

impl Iterator for Unpacked {
    type Item = Result<Page, ParquetError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}
