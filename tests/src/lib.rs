//! What several of the tests share.

pub mod artifact;
pub mod guest;
pub mod oracle;
pub mod script;
