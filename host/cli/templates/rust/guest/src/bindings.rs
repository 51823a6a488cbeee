//! The interfaces of `wit/`, in Rust.

wit_bindgen::generate!({
    path: "wit",
    world: "guest",
    generate_all,
});
