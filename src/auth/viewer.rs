//! Who asks.

/// Whoever sent a request. It is passed to every read, so that rights are decided in one place for every face.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Viewer {
    /// Someone at the machine itself: the server answers without access control on a loopback address only.
    Local,
    /// Someone who may read figures, but no personal data.
    #[cfg(test)]
    Analyst,
}

impl Viewer {
    /// Whether personal data is shown, and may be filtered and sorted by.
    #[must_use]
    pub fn reads_personal(self) -> bool {
        match self {
            Self::Local => true,
            #[cfg(test)]
            Self::Analyst => false,
        }
    }
}
