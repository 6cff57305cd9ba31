//! Segments: immutable Parquet files, one module a kind of row.
//!
//! Format 5; 1 lacks columns of figures and metrics, 2 the tables of samples and series, 3 that of counted samples and what
//! series count for, 4 filters of attributes by the page; all are read. A segment's rows belong to one account, table and UTC period. A newer format is never
//! opened: the catalogue says a segment's format before its file is touched. Every byte that is read carries a checksum
//! ([`seal`]); files written before there were any are read without.

mod column;
pub mod counted;
pub mod figures;
mod file;
pub mod logs;
pub mod metrics;
mod pages;
pub mod samples;
mod seal;
pub mod series;
pub mod spans;
pub mod traces;
mod unpack;

use std::{
    io::{self, Write},
    path::Path,
    sync::{Arc, OnceLock},
};

use arrow::{datatypes::SchemaRef, record_batch::RecordBatch};
use daemon::disk::Disk;
use parquet::{
    arrow::{
        ArrowWriter, ProjectionMask,
        arrow_reader::{
            ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
            ParquetRecordBatchReaderBuilder, RowSelection,
        },
        arrow_writer::ArrowWriterOptions,
    },
    basic::{Compression, ZstdLevel},
    bloom_filter::Sbbf,
    errors::ParquetError,
    file::{
        metadata::{PageIndexPolicy, RowGroupMetaData},
        properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder, WriterVersion},
        statistics::Statistics,
    },
};

use self::file::File;
pub(crate) use self::{file::Output, unpack::Unpacker};

/// The format that this version writes, and the newest that it reads.
pub const FORMAT: u16 = 5;

/// Rows a reader decodes at a time.
const READ_ROWS: usize = 8 * 1024;

/// Why a segment was not written or read.
#[derive(Debug, thiserror::Error)]
pub enum SegmentError {
    #[error("segment {path}")]
    Parquet {
        path: String,
        #[source]
        source: ParquetError,
    },
    #[error("segment {path} has no column {column} of the type that format {FORMAT} says")]
    Column { path: String, column: &'static str },
    #[error("segment {path}")]
    Disk {
        path: String,
        #[source]
        source: io::Error,
    },
    #[error("encoding a segment")]
    Encode(#[source] ParquetError),
    #[error("segment {path} has format {found}, this version reads up to {FORMAT}")]
    Newer { path: String, found: u16 },
}

impl SegmentError {
    /// Whether the segment is lost or damaged, so that reading it again is of no use. A disk that refuses for another
    /// reason (no more open files, no memory) may answer later.
    pub fn is_damage(&self) -> bool {
        const EIO: i32 = 5;
        match self {
            SegmentError::Parquet { .. } | SegmentError::Column { .. } => true,
            SegmentError::Disk { source, .. } => {
                let lost = [io::ErrorKind::NotFound, io::ErrorKind::UnexpectedEof];
                lost.contains(&source.kind()) || source.raw_os_error() == Some(EIO)
            }
            SegmentError::Encode(_) | SegmentError::Newer { .. } => false,
        }
    }

    /// Of which segment's file.
    pub(crate) fn path(&self) -> Option<&str> {
        match self {
            SegmentError::Parquet { path, .. }
            | SegmentError::Column { path, .. }
            | SegmentError::Disk { path, .. }
            | SegmentError::Newer { path, .. } => Some(path),
            SegmentError::Encode(_) => None,
        }
    }
}

/// Who wrote a file that has a seal: one that says so and has none has lost it.
const SEALED: &str = "vedette, sealed";

/// Segments with fewer rows are not compressed: setting up zstd for each column costs more than their few bytes are
/// worth, and merging compresses them soon.
const COMPRESS_FROM_ROWS: usize = 1024;

/// Properties that all kinds share: zstd, version 2 pages, no statistics but where a kind asks for them.
fn properties(rows: usize) -> WriterPropertiesBuilder {
    let compression = match rows {
        0..COMPRESS_FROM_ROWS => Compression::UNCOMPRESSED,
        _ => Compression::ZSTD(ZstdLevel::try_new(1).expect("level 1 is a zstd level")),
    };
    WriterProperties::builder()
        .set_writer_version(WriterVersion::PARQUET_2_0)
        .set_compression(compression)
        .set_statistics_enabled(EnabledStatistics::None)
        .set_created_by(SEALED.to_owned())
        .set_write_batch_size(1024)
}

/// A writer of a file. The schema of Arrow is left out: Parquet's own tells all that our columns need, and a small segment
/// would be twice as large.
fn writer<W: Write + Send>(
    out: W,
    schema: SchemaRef,
    properties: WriterProperties,
) -> Result<ArrowWriter<W>, SegmentError> {
    let options =
        ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
    ArrowWriter::try_new_with_options(out, schema, options).map_err(SegmentError::Encode)
}

/// Encodes whole batches of one schema as a file.
fn encode(batches: &[RecordBatch], properties: WriterProperties) -> Result<Vec<u8>, SegmentError> {
    let first = batches.first().expect("a segment has rows");
    let mut writer = writer(Vec::new(), first.schema(), properties)?;
    for batch in batches {
        writer.write(batch).map_err(SegmentError::Encode)?;
    }
    writer.into_inner().map_err(SegmentError::Encode)
}

/// Writes a segment's file with its seal and makes it durable; its name is durable after `sync_dir` of its directory. Gives
/// the file's length.
///
/// # Errors
/// When the disk refuses.
pub fn store(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> Result<u64, SegmentError> {
    let mut output = Output::create(disk, path)?;
    let failed = |source| SegmentError::Disk { path: path.display().to_string(), source };
    output.write_all(bytes).map_err(failed)?;
    output.sync()
}

/// An opened segment: its file and footer.
#[derive(Clone, Debug)]
pub struct Opened {
    file: File,
    footer: ArrowReaderMetadata,
    /// The trace filter of each row group, once it was asked.
    filters: Arc<[OnceLock<Option<Sbbf>>]>,
    /// What a search for attributes needs, once there was one.
    search: Arc<OnceLock<spans::search::Footer>>,
}

impl Opened {
    /// Reads the footer.
    ///
    /// # Errors
    /// When the file cannot be read or is no segment.
    pub fn open(disk: Arc<dyn Disk>, path: &Path) -> Result<Opened, SegmentError> {
        Opened::load(disk, path, PageIndexPolicy::Skip)
    }

    /// Reads the footer and where the pages are: for kinds of which single rows are read.
    ///
    /// # Errors
    /// As [`Opened::open`].
    pub fn open_with_pages(disk: Arc<dyn Disk>, path: &Path) -> Result<Opened, SegmentError> {
        Opened::load(disk, path, PageIndexPolicy::Optional)
    }

    fn load(
        disk: Arc<dyn Disk>,
        path: &Path,
        pages: PageIndexPolicy,
    ) -> Result<Opened, SegmentError> {
        let file = File::open(disk, path)?;
        let options = ArrowReaderOptions::new().with_page_index_policy(pages);
        let footer =
            ArrowReaderMetadata::load(&file, options).map_err(|source| file.failed(source))?;
        let says_sealed = footer.metadata().file_metadata().created_by() == Some(SEALED);
        if says_sealed && !file.is_sealed() {
            return Err(file.failed(ParquetError::General("its seal is lost".to_owned())));
        }
        let groups = 0..footer.metadata().num_row_groups();
        let filters = groups.map(|_| OnceLock::new()).collect();
        Ok(Opened { file, footer, filters, search: Arc::default() })
    }

    fn builder(&self) -> ParquetRecordBatchReaderBuilder<File> {
        ParquetRecordBatchReaderBuilder::new_with_metadata(self.file.clone(), self.footer.clone())
            .with_batch_size(READ_ROWS)
    }

    fn failed(&self, source: ParquetError) -> SegmentError {
        self.file.failed(source)
    }

    /// How many rows it has.
    pub fn rows(&self) -> u64 {
        self.footer.metadata().file_metadata().num_rows().unsigned_abs()
    }

    /// About the memory its footer takes, with the trace filters that may be kept beside it.
    pub fn memory(&self) -> usize {
        let groups = self.footer.metadata().row_groups().iter();
        let filters = groups
            .flat_map(|group| group.columns())
            .filter_map(|column| usize::try_from(column.bloom_filter_length()?).ok());
        let seal = self.file.seal_memory();
        self.footer.metadata().memory_size() + filters.sum::<usize>() + seal
    }

    /// The Bloom filter of a column in a row group, if there is one. Read once: a writer that goes on from an old journal
    /// asks for every trace in every segment.
    fn filter(&self, group: usize, column: usize) -> Result<Option<&Sbbf>, SegmentError> {
        let place = &self.filters[group];
        if let Some(filter) = place.get() {
            return Ok(filter.as_ref());
        }
        let read = self.builder().get_row_group_column_bloom_filter(group, column);
        let filter = read.map_err(|source| self.failed(source))?;
        // Another may have been faster; both read the same.
        Ok(place.get_or_init(|| filter).as_ref())
    }

    /// The number of a column; nothing when the segment has none of the name.
    fn column_number(&self, name: &str) -> Option<usize> {
        self.footer.schema().index_of(name).ok()
    }

    /// Some rows of a row group, with these columns of it; those it lacks are left out.
    fn part(
        &self,
        group: usize,
        rows: RowSelection,
        columns: &[&str],
    ) -> Result<ParquetRecordBatchReader, SegmentError> {
        let columns = self.columns(columns);
        Unpacker::new()
            .and_then(|unpacker| {
                unpacker.group(self, group).rows(self.footer.schema(), columns, rows)
            })
            .map_err(|source| self.failed(source))
    }

    /// Columns by their names; those it lacks are left out.
    fn columns(&self, names: &[&str]) -> ProjectionMask {
        let numbers = names.iter().filter_map(|name| self.column_number(name));
        ProjectionMask::roots(self.footer.parquet_schema(), numbers)
    }

    /// Some rows of a row group, with all columns.
    fn whole_rows(
        &self,
        group: usize,
        rows: RowSelection,
    ) -> Result<ParquetRecordBatchReader, SegmentError> {
        let columns = ProjectionMask::all();
        Unpacker::new()
            .and_then(|unpacker| {
                unpacker.group(self, group).rows(self.footer.schema(), columns, rows)
            })
            .map_err(|source| self.failed(source))
    }

    /// How many rows a row group has.
    fn rows_of_group(&self, group: usize) -> usize {
        let rows = self.footer.metadata().row_group(group).num_rows();
        usize::try_from(rows).expect("a row group has few rows")
    }

    /// The rows of the row groups that are wanted, batch by batch.
    fn each_batch_of(
        &self,
        wanted: impl Fn(&Group<'_>) -> bool,
        each: impl FnMut(&RecordBatch) -> Option<()>,
    ) -> Result<(), SegmentError> {
        self.each_batch_with(&[], wanted, each)
    }

    /// The same with these columns alone, all of them where none are named.
    fn each_batch_with(
        &self,
        columns: &[&str],
        wanted: impl Fn(&Group<'_>) -> bool,
        each: impl FnMut(&RecordBatch) -> Option<()>,
    ) -> Result<(), SegmentError> {
        let groups = self.footer.metadata().row_groups().iter().enumerate();
        let groups: Vec<usize> =
            groups.filter(|(_, group)| wanted(&Group(group))).map(|(at, _)| at).collect();
        if groups.is_empty() {
            return Ok(());
        }
        let mut builder = self.builder().with_row_groups(groups);
        if !columns.is_empty() {
            let schema = self.footer.metadata().file_metadata().schema_descr();
            builder =
                builder.with_projection(ProjectionMask::columns(schema, columns.iter().copied()));
        }
        self.each_batch_from(builder, each)
    }

    /// What a reader of it was built to read, batch by batch.
    fn each_batch_from(
        &self,
        builder: ParquetRecordBatchReaderBuilder<File>,
        mut each: impl FnMut(&RecordBatch) -> Option<()>,
    ) -> Result<(), SegmentError> {
        for batch in builder.build().map_err(|source| self.failed(source))? {
            let batch = batch.map_err(|source| self.failed(source.into()))?;
            each(&batch).ok_or_else(|| self.lacks_column())?;
        }
        Ok(())
    }

    /// All rows, so many at a time: a stream for whoever reads several segments side by side. They share what decompresses.
    fn batches(
        &self,
        unpacker: &Unpacker,
        rows: usize,
    ) -> impl Iterator<Item = Result<RecordBatch, SegmentError>> {
        let groups = 0..self.footer.metadata().num_row_groups();
        groups.flat_map(move |group| {
            let (batches, error) = match unpacker.group(self, group).batches(rows) {
                Ok(batches) => (Some(batches), None),
                Err(error) => (None, Some(Err(self.failed(error)))),
            };
            let batches = batches.into_iter().flatten();
            let batches = batches.map(|batch| batch.map_err(|source| self.failed(source.into())));
            batches.chain(error)
        })
    }

    /// That a row of it makes no sense.
    pub(crate) fn damaged(&self) -> SegmentError {
        self.failed(ParquetError::General("a row is damaged".to_owned()))
    }

    fn lacks_column(&self) -> SegmentError {
        SegmentError::Column { path: self.file.name(), column: "(any)" }
    }
}

/// What is known of a row group before it is read.
struct Group<'a>(&'a RowGroupMetaData);

impl Group<'_> {
    /// Whether an unsigned column may hold a value from `first` up to `last`; yes where there are no statistics.
    fn may_hold(&self, column: &str, first: u64, last: u64) -> bool {
        self.bounds(column).is_none_or(|(min, max)| min <= last && max >= first)
    }

    /// Whether an unsigned column may hold a value; any does where none is asked for.
    fn may_equal(&self, column: &str, value: Option<u32>) -> bool {
        value.is_none_or(|value| self.may_hold(column, value.into(), value.into()))
    }

    fn bounds(&self, column: &str) -> Option<(u64, u64)> {
        let columns = self.0.columns().iter();
        let chunk = columns.into_iter().find(|chunk| chunk.column_descr().name() == column)?;
        match chunk.statistics()? {
            Statistics::Int32(values) => {
                Some(((*values.min_opt()? as u32).into(), (*values.max_opt()? as u32).into()))
            }
            Statistics::Int64(values) => {
                Some((*values.min_opt()? as u64, *values.max_opt()? as u64))
            }
            _ => None,
        }
    }
}

/// Statistics of these columns for each row group, by which groups are passed over.
fn with_statistics(
    properties: WriterPropertiesBuilder,
    columns: &[&str],
) -> WriterPropertiesBuilder {
    with_level(properties, columns, EnabledStatistics::Chunk)
}

/// The same for each page besides.
fn with_page_statistics(
    properties: WriterPropertiesBuilder,
    columns: &[&str],
) -> WriterPropertiesBuilder {
    with_level(properties, columns, EnabledStatistics::Page)
}

fn with_level(
    properties: WriterPropertiesBuilder,
    columns: &[&str],
    level: EnabledStatistics,
) -> WriterPropertiesBuilder {
    columns.iter().fold(properties, |properties, &name| {
        properties.set_column_statistics_enabled(name.into(), level)
    })
}
