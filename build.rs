//! Builds the platform files in, so that adding a platform is adding `src/platform/NAME.toml`.
//!
//! They are TOML for people, and JSON in the function: a cold start reads that in a fifth of the time.

use std::path::Path;
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=src/platform");
    // Otherwise the loader writes an address into thousands of places before the function starts. The
    // price is that the code stands at a fixed address; the stack, the heap and the libraries do not.
    println!("cargo::rustc-link-arg-bin=order-alerts=-no-pie");
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let folder = Path::new(&root).join("src/platform");
    let mut files: Vec<_> = fs::read_dir(&folder)
        .expect("src/platform is a folder of this package")
        .map(|entry| entry.expect("the folder can be listed").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    files.sort();

    let (mut texts, mut values) = (Vec::new(), Vec::new());
    for path in files {
        let name = path.file_stem().expect("it has an extension, so a stem").to_string_lossy();
        let text = fs::read_to_string(&path).expect("a platform file can be read");
        let mut json = toml::from_str::<serde_json::Value>(&text).unwrap_or_else(|error| {
            for line in format!("src/platform/{name}.toml: {error}").lines() {
                println!("cargo::error={line}");
            }
            serde_json::Value::Null
        });
        // The function registers nothing.
        if env::var_os("CARGO_FEATURE_LOCAL").is_none()
            && let Some(table) = json.as_object_mut()
        {
            table.remove("register");
        }
        texts.push(format!("({name:?}, {text:?})"));
        values.push(format!("({name:?}, {:?})", json.to_string()));
    }
    let out = env::var("OUT_DIR").expect("cargo sets it");
    for (file, list) in [("platform_texts.rs", texts), ("platform_values.rs", values)] {
        fs::write(Path::new(&out).join(file), format!("&[{}]", list.join(", ")))
            .expect("OUT_DIR is writable");
    }
}
