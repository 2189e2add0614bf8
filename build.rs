//! Lists the platform files, so that adding a platform is adding `src/platform/NAME.toml`.

use std::path::Path;
use std::{env, fs};

fn main() {
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let folder = Path::new(&root).join("src/platform");
    let mut files: Vec<_> = fs::read_dir(&folder)
        .expect("src/platform is a folder of this package")
        .map(|entry| entry.expect("the folder can be listed").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    files.sort();

    let entries = files.iter().map(|file| {
        let name = file.file_stem().expect("it has an extension, so a stem").to_string_lossy();
        let file = format!("/src/platform/{name}.toml");
        // What is built stays right when the folder moves, and this list with it.
        format!("({name:?}, include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), {file:?})))")
    });
    let list = format!("&[{}]", entries.collect::<Vec<_>>().join(", "));

    let out = env::var("OUT_DIR").expect("cargo sets it");
    fs::write(Path::new(&out).join("platforms.rs"), list).expect("OUT_DIR is writable");
    println!("cargo::rerun-if-changed=src/platform");
}
