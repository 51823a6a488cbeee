//! Text for one line of a terminal or a log, out of names and errors that a component, a
//! file or another process has a say in.

mod causes;
#[cfg(feature = "execution")]
mod one_line;
mod printable;

pub use causes::causes;
pub use printable::{escaped, is_hidden, printable};

#[cfg(feature = "execution")]
pub(crate) use one_line::one_line;
pub(crate) use printable::shown;
