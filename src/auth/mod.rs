//! Who asks, and what they may see.

mod personal;
mod viewer;

pub use personal::Personal;
pub use viewer::Viewer;
