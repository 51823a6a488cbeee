//! Bindings of the embedder's own interface.

wasmtime::component::bindgen!({
    path: ["../wit", "embedder-wit"],
    world: "tests:embedder/office",
    with: { "tests:embedder/desk.ticket": super::Ticket },
});
