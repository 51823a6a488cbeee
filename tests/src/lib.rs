//! What several of the tests share.

pub mod guest;
pub mod oracle;
