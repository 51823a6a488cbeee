//! Text for one line of a terminal or a log, made of names and errors that a component, a file or
//! another process can influence.

mod causes;
#[cfg(any(feature = "execution", feature = "inline"))]
mod one_line;
mod printable;

pub use causes::causes;
pub use printable::{escaped, is_hidden, printable};

#[cfg(any(feature = "execution", feature = "inline"))]
pub(crate) use one_line::one_line;
pub(crate) use printable::shown;
