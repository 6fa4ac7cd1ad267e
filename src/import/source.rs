//! Files of comma-separated values: what kind of rows they have, and where in them something is wrong.

use std::{borrow::Cow, path::Path, sync::Arc};

use anyhow::{Context, anyhow, bail};
use csv::{ErrorKind, Reader, ReaderBuilder};

use crate::instant::Day;

/// A file, read.
#[derive(Clone, Debug)]
pub struct Source {
    name: Arc<str>,
    bytes: Cow<'static, [u8]>,
}

/// A kind of row. [`table!`] declares it.
pub trait Table: Sized {
    /// The columns that a file of such rows has, among others.
    const COLUMNS: &'static [&'static str];

    /// Reads a row, given the text of a column; the error names the column.
    fn read<'a>(text: impl Fn(&str) -> &'a str) -> Result<Self, (&'static str, String)>;
}

/// What a column holds.
pub trait Value: Sized {
    /// Reads it, or says what is wrong.
    fn read(text: &str) -> Result<Self, String>;
}

/// A row, and where it stands.
#[derive(Clone, Debug)]
pub struct Row<T> {
    file: Arc<str>,
    line: u64,
    /// The values.
    pub fields: T,
}

/// Declares the rows of a file, each field named as its column.
macro_rules! table {
    ($(#[$meta:meta])* $name:ident { $($column:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug)]
        pub struct $name {
            $($column: $type,)*
        }

        impl $crate::import::source::Table for $name {
            const COLUMNS: &'static [&'static str] = &[$(stringify!($column)),*];

            fn read<'a>(text: impl Fn(&str) -> &'a str) -> Result<Self, (&'static str, String)> {
                $(
                    let name = stringify!($column);
                    let $column = <$type as $crate::import::source::Value>::read(text(name))
                        .map_err(|message| (name, message))?;
                )*
                Ok(Self { $($column),* })
            }
        }
    };
}

pub(super) use table;

impl Source {
    /// Reads a file.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let bytes = std::fs::read(path).with_context(|| format!("could not read {}", path.display()))?;
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into();
        Ok(Self { name, bytes: bytes.into() })
    }

    /// A file that is part of the program.
    pub fn embedded(name: &str, text: &'static str) -> Self {
        Self { name: name.into(), bytes: text.as_bytes().into() }
    }

    /// All rows of the one source that has rows of this kind, whatever its name.
    pub fn rows_among<T: Table>(sources: &[Self], what: &str) -> anyhow::Result<Vec<Row<T>>> {
        let mut fitting = sources.iter().filter(|source| source.has::<T>());
        let columns = || T::COLUMNS.join(", ");
        let source = fitting.next().ok_or_else(|| {
            anyhow!("no file with {what} is given: its first line would have the columns {}", columns())
        })?;
        if let Some(other) = fitting.next() {
            bail!("both {} and {} have {what}: give one of them", source.name, other.name);
        }
        source.rows()
    }

    fn has<T: Table>(&self) -> bool {
        let mut reader = self.reader();
        let Ok(header) = reader.headers() else {
            return false;
        };
        T::COLUMNS.iter().all(|column| header.iter().any(|name| name == *column))
    }

    fn rows<T: Table>(&self) -> anyhow::Result<Vec<Row<T>>> {
        let mut reader = self.reader();
        let header = reader.headers().with_context(|| format!("could not read {}", self.name))?.clone();
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|error| self.unreadable(&error))?;
            let line = record.position().map_or(0, csv::Position::line);
            let text = |column: &str| {
                let index = header.iter().position(|name| name == column);
                index.and_then(|index| record.get(index)).unwrap_or_default()
            };
            let fields = T::read(text)
                .map_err(|(column, message)| anyhow!("{}, line {line}, column {column}: {message}", self.name))?;
            rows.push(Row { file: Arc::clone(&self.name), line, fields });
        }
        Ok(rows)
    }

    /// Files that spreadsheets write may begin with a byte order mark.
    fn reader(&self) -> Reader<&[u8]> {
        let bytes: &[u8] = &self.bytes;
        ReaderBuilder::new().from_reader(bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes))
    }

    fn unreadable(&self, error: &csv::Error) -> anyhow::Error {
        let line = error.position().map_or(0, csv::Position::line);
        match error.kind() {
            ErrorKind::UnequalLengths { expected_len, len, .. } => {
                anyhow!("{}, line {line}: {len} values where the first line has {expected_len}", self.name)
            }
            ErrorKind::Utf8 { .. } => anyhow!("{}, line {line}: not in UTF-8", self.name),
            _ => anyhow!("{}: {error}", self.name),
        }
    }
}

impl<T> Row<T> {
    /// What is wrong with the row in `column`.
    pub fn wrong(&self, column: &str, message: impl std::fmt::Display) -> anyhow::Error {
        anyhow!("{}, line {}, column {column}: {message}", self.file, self.line)
    }
}

/// Text that is there.
impl Value for String {
    fn read(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() { Err("is empty".to_owned()) } else { Ok(text.to_owned()) }
    }
}

impl Value for i32 {
    fn read(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| format!("{text:?} is not a whole number"))
    }
}

impl Value for Day {
    fn read(text: &str) -> Result<Self, String> {
        Self::parse(text).ok_or_else(|| format!("{text:?} is not a date such as 1998-05-06"))
    }
}

/// What may be missing.
impl<V: Value> Value for Option<V> {
    fn read(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() { Ok(None) } else { V::read(text).map(Some) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    table! {
        /// An example.
        Visit { visitor: String, day: Option<Day>, }
    }

    #[test]
    fn columns_are_found_by_their_names_and_may_be_empty_where_that_has_a_meaning() {
        let text = "\u{feff}day,visitor,hat\n2026-01-01,Ada,red\n,Bob,\n";

        let rows = Source::rows_among::<Visit>(&[Source::embedded("visits.csv", text)], "visits");

        let rows = rows.expect("rows");
        let visits: Vec<_> = rows.iter().map(|row| (row.fields.visitor.as_str(), row.fields.day)).collect();
        assert_eq!(visits, [("Ada", Day::parse("2026-01-01")), ("Bob", None)]);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_file_line_and_column() {
        let cases = [
            ("visitor,day\nAda,2026-01-01\nBob,\n", None),
            ("day,visitor,hat\n2026-01-01,Ada,red\n", None),
            ("visitor,day\nAda,2026-01-01\n,\n", Some("visits.csv, line 3, column visitor: is empty")),
            (
                "visitor,day\nAda,today\n",
                Some("visits.csv, line 2, column day: \"today\" is not a date such as 1998-05-06"),
            ),
            ("visitor,day\nAda\n", Some("visits.csv, line 2: 1 values where the first line has 2")),
            ("name\nAda\n", Some("no file with visits is given: its first line would have the columns visitor, day")),
        ];

        for (text, expected) in cases {
            let rows = Source::rows_among::<Visit>(&[Source::embedded("visits.csv", text)], "visits");
            let error = rows.err().map(|error| error.to_string());
            assert_eq!(error.as_deref(), expected, "{text}");
        }
    }
}
