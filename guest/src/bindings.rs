//! The only file with generated code: the guest's sides of `wit/`.
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

/// The imports of a guest.
pub mod imports {
    wit_bindgen::generate!({
        path: "src/wit",
        world: "solti:metrics/imports",
    });
}

/// The exports of a provider and of a middleware. A middleware is a provider that calls
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

/// Many records in one call. A separate world, because a component exports only the interfaces that it has.
pub mod batch {
    wit_bindgen::generate!({
        path: "src/wit",
        inline: "
            package solti:guest-batch;
            world batch { export solti:metrics/batch@0.1.0; }
        ",
        features: ["batch"],
        pub_export_macro: true,
        export_macro_name: "export_batch",
        default_bindings_module: "solti_metrics_guest::bindings::batch",
    });
}

/// Requests to flush. A separate world, because a component exports only the interfaces that it has.
pub mod lifecycle {
    wit_bindgen::generate!({
        path: "src/wit",
        inline: "
            package solti:guest-lifecycle;
            world lifecycle { export solti:metrics/lifecycle@0.1.0; }
        ",
        features: ["lifecycle"],
        pub_export_macro: true,
        export_macro_name: "export_lifecycle",
        default_bindings_module: "solti_metrics_guest::bindings::lifecycle",
    });
}

/// Scrapes. A separate world, because a component exports only the interfaces that it has.
pub mod exposition {
    wit_bindgen::generate!({
        path: "src/wit",
        inline: "
            package solti:guest-exposition;
            world exposition { export solti:metrics/exposition@0.1.0; }
        ",
        features: ["exposition"],
        pub_export_macro: true,
        export_macro_name: "export_exposition",
        default_bindings_module: "solti_metrics_guest::bindings::exposition",
    });
}

/// Counts of discarded records. A separate world, because a component exports only the interfaces that it has.
pub mod accounting {
    wit_bindgen::generate!({
        path: "src/wit",
        inline: "
            package solti:guest-accounting;
            world accounting { export solti:metrics/accounting@0.1.0; }
        ",
        features: ["accounting"],
        pub_export_macro: true,
        export_macro_name: "export_accounting",
        default_bindings_module: "solti_metrics_guest::bindings::accounting",
    });
}
