//! Files of comma-separated values, packed by gzip or not: what kind of rows they have, and where in them something
//! is wrong.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    marker::PhantomData,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use anyhow::{Context, anyhow, bail};
use csv::{ByteRecord, Reader, ReaderBuilder, StringRecord, Terminator};
use flate2::bufread::MultiGzDecoder;
use same_file::is_same_file;

use super::rejections::{Refused, Rejections};

/// What every file that gzip has packed begins with.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// A file, which can be read more than once.
#[derive(Clone, Debug)]
pub struct Source {
    name: Arc<str>,
    content: Content,
}

#[derive(Clone, Debug)]
enum Content {
    Embedded(&'static [u8]),
    File { path: PathBuf, size: u64 },
}

/// A kind of row. [`table!`] declares it.
pub trait Table: Sized {
    /// The columns that a file of such rows has, among others.
    const COLUMNS: &'static [&'static str];

    /// A column without which a row is left out, whatever else it holds.
    const NEEDED: Option<&'static str>;

    /// Reads a row, given the text of a column; the error names the column.
    fn read<'a>(text: impl Fn(&str) -> &'a str) -> Result<Self, (&'static str, String)>;
}

/// What a row stands under: the name of its file, and the file's first line.
#[derive(Clone, Debug)]
pub struct Head {
    /// The name of the file, without directories.
    pub file: Arc<str>,
    /// The names of the columns.
    pub columns: StringRecord,
}

/// Where a row stands, and what it says there.
#[derive(Clone, Debug)]
pub struct Place {
    /// The head of its file.
    pub head: Arc<Head>,
    /// The line on which it begins, the first of the file being 1.
    pub line: u64,
    /// Its values.
    pub values: ByteRecord,
}

/// A row, and where it stands.
#[derive(Clone, Debug)]
pub struct Row<T> {
    /// Where it stands.
    pub place: Place,
    /// The values.
    pub fields: T,
}

/// Declares the rows of a file, each field named as its column or with the column's name beside it. Rows with nothing
/// in the column that is `needed` are left out.
macro_rules! table {
    (
        $(#[$meta:meta])* $name:ident $(needs $needed:literal)?
        { $($field:ident $(in $column:literal)?: $type:ty,)* }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug)]
        pub struct $name {
            $($field: $type,)*
        }

        impl $crate::import::source::Table for $name {
            const COLUMNS: &'static [&'static str] =
                &[$($crate::import::source::table!(@column $field $($column)?)),*];
            const NEEDED: Option<&'static str> = $crate::import::source::table!(@needed $($needed)?);

            fn read<'a>(text: impl Fn(&str) -> &'a str) -> Result<Self, (&'static str, String)> {
                $(
                    let name = $crate::import::source::table!(@column $field $($column)?);
                    let $field = <$type as $crate::import::value::Value>::read(text(name))
                        .map_err(|message| (name, message))?;
                )*
                Ok(Self { $($field),* })
            }
        }
    };
    (@column $field:ident) => { stringify!($field) };
    (@column $field:ident $column:literal) => { $column };
    (@needed) => { None };
    (@needed $needed:literal) => { Some($needed) };
}

pub(super) use table;

impl Source {
    /// Finds a file.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let found = std::fs::metadata(path).with_context(|| format!("could not read {}", path.display()))?;
        if !found.is_file() {
            bail!("{} is no file; what is imported is read more than once", path.display());
        }
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into();
        Ok(Self { name, content: Content::File { path: path.to_owned(), size: found.len() } })
    }

    /// A file that is part of the program.
    pub fn embedded(name: &str, bytes: &'static [u8]) -> Self {
        Self { name: name.into(), content: Content::Embedded(bytes) }
    }

    /// Whether `path` leads to this file, by whatever name.
    ///
    /// # Errors
    /// When the two cannot be compared.
    pub fn is_at(&self, path: &Path) -> anyhow::Result<bool> {
        match &self.content {
            Content::File { path: own, .. } if path.is_file() => {
                is_same_file(own, path).with_context(|| format!("could not read {}", path.display()))
            }
            Content::File { .. } | Content::Embedded(_) => Ok(false),
        }
    }

    /// How many bytes it has, as it is stored.
    pub fn size(&self) -> u64 {
        match &self.content {
            Content::Embedded(bytes) => bytes.len() as u64,
            Content::File { size, .. } => *size,
        }
    }

    /// The one source that has rows of this kind, whatever its name.
    pub fn among<'a, T: Table>(sources: &'a [Self], what: &str) -> anyhow::Result<&'a Self> {
        let mut fitting = Vec::new();
        for source in sources {
            let head = source.lines::<T>()?.head;
            if T::COLUMNS.iter().all(|column| head.columns.iter().any(|name| name == *column)) {
                fitting.push(source);
            }
        }
        match fitting[..] {
            [only] => Ok(only),
            [] => {
                let columns = T::COLUMNS.join(", ");
                Err(anyhow!("no file with {what} is given: its first line would have the columns {columns}"))
            }
            [one, other, ..] => Err(anyhow!("both {} and {} have {what}: give one of them", one.name, other.name)),
        }
    }

    /// All rows of the one source that has rows of this kind, but those that are rejected.
    pub fn rows_among<T: Table>(
        sources: &[Self],
        what: &str,
        rejections: &mut Rejections,
    ) -> anyhow::Result<Vec<Row<T>>> {
        let mut rows = Vec::new();
        for row in Self::among::<T>(sources, what)?.lines()? {
            rejections.rows += 1;
            rows.extend(rejections.sift(row)?);
        }
        Ok(rows)
    }

    /// The rows, from the first on.
    pub fn lines<T: Table>(&self) -> anyhow::Result<Lines<T>> {
        let bytes_read = Arc::new(AtomicU64::new(0));
        let open = || {
            let bytes: Box<dyn BufRead + Send> = match &self.content {
                Content::Embedded(bytes) => Box::new(*bytes),
                Content::File { path, .. } => {
                    let file = Counted { file: File::open(path)?, bytes_read: Arc::clone(&bytes_read) };
                    Box::new(BufReader::new(file))
                }
            };
            // Of two characters that end a line, the second would be counted with the next one.
            let mut reader = ReaderBuilder::new();
            let reader = reader.flexible(true).has_headers(false).terminator(Terminator::Any(b'\n'));
            let mut reader = reader.from_reader(text(bytes)?);
            let columns = next_record(&mut reader)?.map(|(columns, _)| StringRecord::from_byte_record(columns));
            anyhow::Ok((reader, columns.transpose()?.unwrap_or_default()))
        };
        let (reader, columns) = open().with_context(|| format!("could not read {}", self.name))?;
        let indexes = T::COLUMNS.iter().map(|column| columns.iter().position(|name| name == *column)).collect();
        let head = Arc::new(Head { file: Arc::clone(&self.name), columns });
        Ok(Lines { reader, head, indexes, bytes_read, kind: PhantomData })
    }
}

/// The next values that are not those of a blank line, without the carriage return that they may end in, and the line on
/// which they begin.
fn next_record(reader: &mut Reader<impl Read>) -> Result<Option<(ByteRecord, u64)>, csv::Error> {
    let mut values = ByteRecord::new();
    while reader.read_byte_record(&mut values)? {
        let last = values.len().saturating_sub(1);
        if let Some(value) = values.get(last).and_then(|value| value.strip_suffix(b"\r")).map(<[u8]>::to_vec) {
            if last == 0 && value.is_empty() {
                continue;
            }
            values.truncate(last);
            values.push_field(&value);
        }
        // What comes before it, blank lines too, counts as its beginning to the reader.
        let begun = values.position().map_or(0, csv::Position::line);
        let breaks = values.iter().flatten().filter(|byte| **byte == b'\n').count() as u64;
        let line = begun.max(reader.position().line().saturating_sub(breaks + 1));
        return Ok(Some((values, line)));
    }
    Ok(None)
}

/// The text in `bytes`: unpacked, and without the byte order mark that files of spreadsheets may begin with.
fn text(mut bytes: Box<dyn BufRead + Send>) -> std::io::Result<Box<dyn BufRead + Send>> {
    let is_packed = bytes.fill_buf()?.starts_with(&GZIP);
    let mut text = if is_packed { Box::new(BufReader::new(MultiGzDecoder::new(bytes))) } else { bytes };
    if text.fill_buf()?.starts_with(b"\xEF\xBB\xBF") {
        text.consume(3);
    }
    Ok(text)
}

/// Counts what is read.
struct Counted {
    file: File,
    bytes_read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.bytes_read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// The rows of a source, one after another. A row that cannot be taken is an error that is [`Refused`]; others mean
/// that the file cannot be read.
pub struct Lines<T> {
    reader: Reader<Box<dyn BufRead + Send>>,
    head: Arc<Head>,
    /// Where the columns of the kind stand.
    indexes: Vec<Option<usize>>,
    bytes_read: Arc<AtomicU64>,
    kind: PhantomData<fn() -> T>,
}

impl<T: Table> Lines<T> {
    /// How many bytes of the file have been read so far.
    pub fn bytes_read(&self) -> u64 {
        self.bytes_read.load(Ordering::Relaxed)
    }

    fn row(&self, values: ByteRecord, line: u64) -> Result<Row<T>, Refused> {
        let place = Place { head: Arc::clone(&self.head), line, values };
        let (count, expected) = (place.values.len(), self.head.columns.len());
        if count != expected {
            return Err(place.wrong(None, format!("{count} values where the first line has {expected}")));
        }
        let text = |column: &str| {
            let index = T::COLUMNS.iter().position(|name| *name == column);
            let value = index.and_then(|index| place.values.get(self.indexes[index]?)).unwrap_or_default();
            // What is no text has been refused.
            std::str::from_utf8(value).unwrap_or_default()
        };
        if place.values.iter().any(|value| std::str::from_utf8(value).is_err()) {
            return Err(place.wrong(None, "not in UTF-8".to_owned()));
        }
        if let Some(needed) = T::NEEDED.filter(|column| text(column).trim().is_empty()) {
            return Err(place.left_out(needed));
        }
        match T::read(text) {
            Ok(fields) => Ok(Row { place, fields }),
            Err((column, message)) => Err(place.wrong(Some(column), message)),
        }
    }
}

impl<T: Table> Iterator for Lines<T> {
    type Item = anyhow::Result<Row<T>>;

    fn next(&mut self) -> Option<Self::Item> {
        match next_record(&mut self.reader).transpose()? {
            Ok((values, line)) => Some(self.row(values, line).map_err(Into::into)),
            Err(error) => Some(Err(anyhow!(error).context(format!("could not read {}", self.head.file)))),
        }
    }
}

impl Place {
    /// The text in a column, without the spaces around it. Nothing where there is none, or it is no text.
    pub fn text(&self, column: &str) -> Option<&str> {
        let index = self.head.columns.iter().position(|name| name == column)?;
        let text = std::str::from_utf8(self.values.get(index)?).ok()?.trim();
        (!text.is_empty()).then_some(text)
    }
}

impl<T> Row<T> {
    /// What is wrong with the row in `column`. The error is [`Refused`].
    pub fn wrong(&self, column: &str, message: impl std::fmt::Display) -> anyhow::Error {
        self.place.clone().wrong(Some(column), message.to_string()).into()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::*;
    use crate::{config::OnError, instant::Day};

    table! {
        /// An example.
        Visit { visitor: String, day: Option<Day>, }
    }

    table! {
        /// Another one.
        Guest needs "Name" { name in "Name": String, age in "Age": i32, }
    }

    #[test]
    fn columns_are_found_by_their_names_and_may_be_empty_where_that_has_a_meaning() {
        let text = "\u{feff}day,visitor,hat\n2026-01-01,Ada,red\n,Bob,\n";
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(text.as_bytes()).expect("memory");
        let packed: &'static [u8] = packed.finish().expect("memory").leak();

        for bytes in [text.as_bytes(), packed] {
            let sources = [Source::embedded("visits.csv", bytes)];
            let rows = Source::rows_among::<Visit>(&sources, "visits", &mut Rejections::new(OnError::Stop, None));

            let rows = rows.expect("rows");
            let visits: Vec<_> = rows.iter().map(|row| (row.fields.visitor.as_str(), row.fields.day)).collect();
            assert_eq!(visits, [("Ada", Day::parse("2026-01-01")), ("Bob", None)]);
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_file_line_and_column() {
        let cases: [(&'static [u8], _); 7] = [
            (b"visitor,day\nAda,2026-01-01\nBob,\n", None),
            (b"day,visitor,hat\n2026-01-01,Ada,red\n", None),
            (b"visitor,day\nAda,2026-01-01\n,\n", Some("visits.csv, line 3, column visitor: is empty")),
            (
                b"visitor,day\nAda,today\n",
                Some("visits.csv, line 2, column day: \"today\" is not a date such as 1998-05-06"),
            ),
            (b"visitor,day\nAda\n", Some("visits.csv, line 2: 1 values where the first line has 2")),
            (b"visitor,day\nAda\xff,\n", Some("visits.csv, line 2: not in UTF-8")),
            (b"name\nAda\n", Some("no file with visits is given: its first line would have the columns visitor, day")),
        ];

        for (text, expected) in cases {
            let sources = [Source::embedded("visits.csv", text)];
            let rows = Source::rows_among::<Visit>(&sources, "visits", &mut Rejections::new(OnError::Stop, None));
            let error = rows.err().map(|error| error.to_string());
            assert_eq!(error.as_deref(), expected, "{}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn lines_are_counted_alike_however_they_end() {
        for end in ["\n", "\r\n"] {
            let text = ["", "day,visitor", "2026-01-01,\"Ada\"", "", ",\"Bob\n\"", "", "today,Cleo", "", ""].join(end);
            let sources = [Source::embedded("visits.csv", text.into_bytes().leak())];
            let mut rejections = Rejections::new(OnError::Skip, None);

            let rows = Source::rows_among::<Visit>(&sources, "visits", &mut rejections).expect("rows");

            let visits: Vec<_> = rows.iter().map(|row| (row.place.line, row.fields.visitor.as_str())).collect();
            assert_eq!(visits, [(3, "Ada"), (5, "Bob")], "{end:?}");
            let refused = Source::rows_among::<Visit>(&sources, "visits", &mut Rejections::new(OnError::Stop, None));
            assert!(
                refused.is_err_and(|error| error.to_string().starts_with("visits.csv, line 8, column day")),
                "{end:?}"
            );
        }
    }

    #[test]
    fn a_row_without_what_is_needed_is_left_out_whatever_else_it_holds() {
        let sources = [Source::embedded("guests.csv", b"Age,Name\n36,Ada\nold, \n")];
        let mut rejections = Rejections::new(OnError::Stop, None);

        let rows = Source::rows_among::<Guest>(&sources, "guests", &mut rejections).expect("rows");

        assert_eq!(rows.len(), 1);
        assert_eq!((rows[0].fields.name.as_str(), rows[0].fields.age), ("Ada", 36));
        assert_eq!(rejections.counts(), [("no Name".to_owned(), 1)].into());
    }
}
