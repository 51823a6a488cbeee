//! The only file that generates code: the guest's sides of `wit/`.
#![allow(
    unsafe_code,
    reason = "the generated calls and exports of the canonical ABI"
)]
#![allow(
    missing_docs,
    unreachable_pub,
    unused_qualifications,
    clippy::all,
    reason = "generated"
)]

/// What a guest imports.
pub mod imports {
    wit_bindgen::generate!({
        path: "src/wit",
        world: "solti:metrics/imports",
    });
}

/// What a provider exports, and a middleware too: that is a provider which calls
/// its import.
pub mod exports {
    wit_bindgen::generate!({
        path: "src/wit",
        world: "solti:metrics/provider",
        with: { "solti:metrics/types@0.1.0": crate::bindings::imports::solti::metrics::types },
        pub_export_macro: true,
        export_macro_name: "export_backend",
        default_bindings_module: "solti_metrics_guest::bindings::exports",
    });
}
