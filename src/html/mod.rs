//! Pages for people: the same facts that machines get, with links onward.

mod dashboard;
mod home;
mod layout;
mod list;
mod node;
mod vocabulary;

pub use dashboard::dashboard;
pub use home::home;
pub use list::{List, list};
pub use node::node;
pub use vocabulary::vocabulary;
