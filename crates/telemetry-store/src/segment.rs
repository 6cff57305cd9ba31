//! Segments: immutable Parquet files, one module a kind of row.
//!
//! Format 3; 1 lacks columns of figures and metrics, 2 the tables of samples and series; both are read. A segment's rows belong to one account, table and UTC
//! period. A newer format is never opened: the catalogue says a segment's format before its file is touched. Every byte that is
//! read carries a checksum ([`seal`]); files written before there were any are read without.

mod column;
pub mod figures;
pub mod logs;
pub mod metrics;
pub mod samples;
mod seal;
pub mod series;
pub mod spans;
pub mod traces;

use std::{
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use arrow::{datatypes::SchemaRef, record_batch::RecordBatch};
use bytes::Bytes;
use daemon::disk::{Disk, DiskFile};
use parking_lot::Mutex;
use parquet::{
    arrow::{
        ArrowWriter,
        arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder},
        arrow_writer::ArrowWriterOptions,
    },
    basic::{Compression, ZstdLevel},
    bloom_filter::Sbbf,
    errors::ParquetError,
    file::{
        metadata::{PageIndexPolicy, RowGroupMetaData},
        properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder, WriterVersion},
        reader::{ChunkReader, Length},
        statistics::Statistics,
    },
};

use self::seal::{Seal, Sealing};

/// The format that this version writes, and the newest that it reads.
pub const FORMAT: u16 = 3;

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

/// A segment's file that is written while it is made.
#[derive(Debug)]
pub(crate) struct Output {
    file: Box<dyn DiskFile>,
    path: PathBuf,
    sealing: Sealing,
}

impl Output {
    /// Makes the file.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(crate) fn create(disk: &dyn Disk, path: &Path) -> Result<Output, SegmentError> {
        let failed = |source| SegmentError::Disk { path: path.display().to_string(), source };
        let file = disk.create(path).map_err(failed)?;
        Ok(Output { file, path: path.to_owned(), sealing: Sealing::default() })
    }

    /// Seals the file, makes it durable and gives its length; its name is durable after `sync_dir` of its directory.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(crate) fn sync(self) -> Result<u64, SegmentError> {
        let Output { mut file, path, sealing } = self;
        let (keep, seal) = sealing.finish();
        let sealed = file.truncate(keep).and_then(|()| file.append(&seal));
        let synced = sealed.and_then(|()| file.sync());
        let path = path.display().to_string();
        synced.map_err(|source| SegmentError::Disk { path, source })?;
        Ok(file.len())
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.append(bytes)?;
        self.sealing.add(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A segment's file as Parquet reads it.
#[derive(Clone, Debug)]
pub(crate) struct File {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    length: u64,
    seal: Option<Arc<Seal>>,
    /// What the disk said when it refused last: Parquet hands on no more than its words.
    refusal: Arc<Mutex<Option<io::Error>>>,
}

impl File {
    /// Bytes that carry their checksum.
    fn read(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let Some(seal) = &self.seal else { return self.read_unverified(start, length) };
        let wanted = start..start.saturating_add(length as u64);
        let range = seal.widened(&wanted);
        let width = usize::try_from(range.end - range.start)?;
        let bytes = self.read_unverified(range.start, width)?;
        if let Some(at) = seal.damage(range.start, &bytes) {
            let said = format!("the bytes from {at} on do not carry their checksum");
            return Err(ParquetError::General(said));
        }
        let first = usize::try_from(wanted.start - range.start)?;
        Ok(bytes.slice(first..first + length))
    }

    fn read_unverified(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        self.disk.read_at(&self.path, start, length).map_err(|error| {
            let said = ParquetError::General(error.to_string());
            *self.refusal.lock() = Some(error);
            said
        })
    }

    /// Why reading failed: by the disk's refusal, if there was one.
    fn failed(&self, source: ParquetError) -> SegmentError {
        let path = self.path.display().to_string();
        match self.refusal.lock().take() {
            Some(source) => SegmentError::Disk { path, source },
            None => SegmentError::Parquet { path, source },
        }
    }
}

impl Length for File {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for File {
    type T = Cursor;

    fn get_read(&self, start: u64) -> Result<Cursor, ParquetError> {
        Ok(Cursor { file: self.clone(), at: start, buffer: Bytes::new() })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        self.read(start, length)
    }
}

/// Reads a file onward from a place.
#[derive(Debug)]
pub(crate) struct Cursor {
    file: File,
    at: u64,
    buffer: Bytes,
}

impl Read for Cursor {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        const CHUNK: u64 = 64 * 1024;
        if self.buffer.is_empty() {
            let length = CHUNK.min(self.file.length.saturating_sub(self.at));
            let length = usize::try_from(length).expect("a chunk is small");
            self.buffer = self.file.read(self.at, length).map_err(io::Error::other)?;
            self.at += length as u64;
        }
        let count = out.len().min(self.buffer.len());
        out[..count].copy_from_slice(&self.buffer.split_to(count));
        Ok(count)
    }
}

/// An opened segment: its file and footer.
#[derive(Clone, Debug)]
pub struct Opened {
    file: File,
    footer: ArrowReaderMetadata,
    /// The trace filters of its row groups, once they were asked.
    filters: Arc<OnceLock<Vec<Option<Sbbf>>>>,
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
        let length = disk
            .len(path)
            .map_err(|source| SegmentError::Disk { path: path.display().to_string(), source })?;
        let seal = Seal::read(disk.as_ref(), path, length)?.map(Arc::new);
        let file = File { disk, path: path.to_owned(), length, seal, refusal: Arc::default() };
        let options = ArrowReaderOptions::new().with_page_index_policy(pages);
        let footer =
            ArrowReaderMetadata::load(&file, options).map_err(|source| file.failed(source))?;
        let says_sealed = footer.metadata().file_metadata().created_by() == Some(SEALED);
        if says_sealed && file.seal.is_none() {
            return Err(file.failed(ParquetError::General("its seal is lost".to_owned())));
        }
        Ok(Opened { file, footer, filters: Arc::default() })
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
        let seal = self.file.seal.as_ref().map_or(0, |seal| seal.memory());
        self.footer.metadata().memory_size() + filters.sum::<usize>() + seal
    }

    /// The Bloom filters of a column, one a row group; none where a row group has none. Read once: a writer that goes on
    /// from an old journal asks for every trace in every segment.
    fn filters(&self, column: usize) -> Result<&[Option<Sbbf>], SegmentError> {
        if let Some(filters) = self.filters.get() {
            return Ok(filters);
        }
        let groups = 0..self.footer.metadata().num_row_groups();
        let read = |group| self.builder().get_row_group_column_bloom_filter(group, column);
        let filters: Result<Vec<_>, ParquetError> = groups.map(read).collect();
        let filters = filters.map_err(|source| self.failed(source))?;
        // Another may have been faster; both read the same.
        Ok(self.filters.get_or_init(|| filters))
    }

    /// The rows of the row groups that are wanted, batch by batch.
    fn each_batch_of(
        &self,
        wanted: impl Fn(&Group<'_>) -> bool,
        mut each: impl FnMut(&RecordBatch) -> Option<()>,
    ) -> Result<(), SegmentError> {
        let groups = self.footer.metadata().row_groups().iter().enumerate();
        let groups: Vec<usize> =
            groups.filter(|(_, group)| wanted(&Group(group))).map(|(at, _)| at).collect();
        if groups.is_empty() {
            return Ok(());
        }
        let reader = self.builder().with_row_groups(groups).build();
        for batch in reader.map_err(|source| self.failed(source))? {
            let batch = batch.map_err(|source| self.failed(source.into()))?;
            each(&batch).ok_or_else(|| self.lacks_column())?;
        }
        Ok(())
    }

    /// All rows, as a stream of batches.
    fn batches(
        &self,
    ) -> Result<impl Iterator<Item = Result<RecordBatch, SegmentError>> + '_, SegmentError> {
        let reader = self.builder().build().map_err(|source| self.failed(source))?;
        Ok(reader.map(|batch| batch.map_err(|source| self.failed(source.into()))))
    }

    /// That a row of it makes no sense.
    pub(crate) fn damaged(&self) -> SegmentError {
        self.failed(ParquetError::General("a row is damaged".to_owned()))
    }

    fn lacks_column(&self) -> SegmentError {
        SegmentError::Column { path: self.file.path.display().to_string(), column: "(any)" }
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
    columns.iter().fold(properties, |properties, &name| {
        properties.set_column_statistics_enabled(name.into(), EnabledStatistics::Chunk)
    })
}
