//! Builds the platform files in, so that adding a platform is adding `src/platform/NAME.toml`.
//!
//! They are TOML for people, and JSON in the function: a cold start reads that in a fifth of the time. The local tool has the
//! samples too.

use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=src/platform");
    // Otherwise the loader writes an address into thousands of places before the function starts. The
    // price is that the code stands at a fixed address; the stack, the heap and the libraries do not.
    println!("cargo::rustc-link-arg-bin=order-alerts=-no-pie");
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let is_local = env::var_os("CARGO_FEATURE_LOCAL").is_some();

    let (mut texts, mut values) = (Vec::new(), Vec::new());
    for (name, text) in files(&Path::new(&root).join("src/platform"), "toml") {
        let mut json = toml::from_str::<serde_json::Value>(&text).unwrap_or_else(|error| {
            for line in format!("src/platform/{name}.toml: {error}").lines() {
                println!("cargo::error={line}");
            }
            serde_json::Value::Null
        });
        // The function registers nothing.
        if !is_local && let Some(table) = json.as_object_mut() {
            table.remove("register");
        }
        texts.push(format!("({name:?}, {text:?})"));
        values.push(format!("({name:?}, {:?})", json.to_string()));
    }
    write("platform_texts.rs", &texts);
    write("platform_values.rs", &values);
    if is_local {
        println!("cargo::rerun-if-changed=events");
        let samples = files(&Path::new(&root).join("events"), "json");
        let samples = samples.iter().map(|(name, text)| format!("({name:?}, {text:?})"));
        write("samples.rs", &samples.collect::<Vec<_>>());
    }
}

/// The names and texts of a folder's files with this extension.
fn files(folder: &Path, extension: &str) -> Vec<(String, String)> {
    let entries = fs::read_dir(folder).expect("it is a folder of this package");
    let paths = entries.map(|entry| entry.expect("the folder can be listed").path());
    let mut paths: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|found| found == extension)).collect();
    paths.sort();
    let named = paths.into_iter().map(|path| {
        let name = path.file_stem().expect("it has an extension, so a stem").to_string_lossy();
        (name.into_owned(), fs::read_to_string(&path).expect("a file of the package can be read"))
    });
    named.collect()
}

/// Writes a list that the code includes.
fn write(file: &str, list: &[String]) {
    let out = env::var("OUT_DIR").expect("cargo sets it");
    fs::write(Path::new(&out).join(file), format!("&[{}]", list.join(", ")))
        .expect("OUT_DIR is writable");
}
