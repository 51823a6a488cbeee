//! The interfaces of `wit/`, in Rust.

wit_bindgen::generate!({
    path: "wit",
    world: "provider",
    generate_all,
});
