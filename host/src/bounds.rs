//! Upper bounds of the resources that a component takes of the host before it runs, computed from
//! its bytes alone.

pub(crate) mod code_size;
pub(crate) mod instance_data;
mod written_out;

pub(crate) use written_out::bound_types;
