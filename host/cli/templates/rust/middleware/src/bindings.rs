//! What `wit/` says, in Rust.

wit_bindgen::generate!({
    path: "wit",
    world: "middleware",
    generate_all,
});
