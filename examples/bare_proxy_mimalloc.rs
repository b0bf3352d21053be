//! `bare_proxy` with the gateway's allocator, so that `bench/run` can tell what the allocator is worth.

#[path = "bare_proxy.rs"]
mod bare_proxy;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    bare_proxy::main()
}
