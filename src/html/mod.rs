//! Pages for people: the same facts that machines get, with links onward.

mod home;
mod layout;
mod list;
mod node;
mod vocabulary;

pub use home::home;
pub use list::list;
pub use node::node;
pub use vocabulary::vocabulary;
