//! The program: hands over to the library, decides nothing.

fn main() -> std::process::ExitCode {
    portcullis::main()
}
