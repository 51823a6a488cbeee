//! The engines on which components run: their settings, and the thread that interrupts components.

mod build_error;
mod by_inlining;
mod settings;
mod ticker;

pub use build_error::BuildError;
pub use ticker::EpochTicks;

pub(crate) use by_inlining::ByInlining;
pub(crate) use settings::EngineSettings;
pub(crate) use ticker::Ticker;
