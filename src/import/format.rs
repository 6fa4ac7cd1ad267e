//! The formats that can be imported.

use std::{
    fmt::{self, Display, Formatter},
    str::FromStr,
};

/// Whose files they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// The Northwind traders: organizations with contacts, orders with lines. Three files.
    Northwind,
    /// The Chinook shop: persons with e-mail addresses, and invoices. Two files.
    Chinook,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 2] = [Self::Northwind, Self::Chinook];

    /// The name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Northwind => "northwind",
            Self::Chinook => "chinook",
        }
    }
}

impl Display for Format {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|format| format.name() == name).ok_or_else(|| {
            let known = Self::ALL.map(Self::name).join(" or ");
            format!("there is no format {name:?}; expected {known}")
        })
    }
}
