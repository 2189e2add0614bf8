//! What the numbers depend on besides the code.

use std::collections::BTreeMap;
use std::env::consts::ARCH;
use std::fs;
use std::process::Command;

/// Features of a processor that valgrind passes on. By them ring and the C library choose their code;
/// whatever else a processor has is hidden from them.
const FEATURES: [&str; 5] = ["avx", "avx2", "f16c", "rdrand", "rdseed"];

/// The processor and the tools of this machine.
pub(crate) fn conditions() -> BTreeMap<String, String> {
    let conditions = [
        ("libc", first_line("getconf", &["GNU_LIBC_VERSION"])),
        ("processor", processor(&fs::read_to_string("/proc/cpuinfo").unwrap_or_default())),
        ("rustc", first_line("rustc", &["--version"])),
        ("valgrind", first_line("valgrind", &["--version"])),
    ];
    conditions.map(|(name, value)| (name.to_owned(), value)).into()
}

fn processor(cpuinfo: &str) -> String {
    let flags = cpuinfo.lines().find(|line| line.starts_with("flags"));
    let flags: Vec<_> = flags.unwrap_or_default().split_whitespace().collect();
    let features = FEATURES.into_iter().filter(|feature| flags.contains(feature));
    [ARCH].into_iter().chain(features).collect::<Vec<_>>().join(" ")
}

/// Empty if there is no such program.
pub(crate) fn first_line(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let output = output.map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&output).lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_processor_is_what_valgrind_passes_on_of_it() {
        let cpuinfo =
            "processor : 0\nflags\t\t: fpu avx rdrand sha_ni avx512f avx2\n\nflags : fpu\n";
        assert_eq!(processor(cpuinfo), format!("{ARCH} avx avx2 rdrand"));
        assert_eq!(processor(""), ARCH);
    }
}
