//! The API against its own description: the document is valid, and schemathesis finds no answer that it does not tell.

use crate::demo::Demo;
use crate::support::gateway::BINARY;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A tool that `./test` has put beside what cargo builds.
fn tool(name: &str) -> PathBuf {
    let tools = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("tools/schemathesis/bin").join(name);
    assert!(tools.is_file(), "{}: missing; ./test installs it", tools.display());
    tools
}

fn said(out: &Output) -> String {
    format!("{}\n{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr))
}

/// What the command prints, without a configuration or a gateway.
fn printed() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let out = Command::new(BINARY).current_dir(folder.path()).arg("openapi").output().unwrap();
    assert!(out.status.success(), "{}", said(&out));
    out.stdout
}

fn operations(document: &[u8]) -> usize {
    let document: serde_json::Value = serde_json::from_slice(document).unwrap();
    let paths = document["paths"].as_object().unwrap().values();
    paths.map(|path| path.as_object().unwrap().len()).sum()
}

#[test]
fn the_printed_document_is_valid_openapi() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("openapi.json");
    std::fs::write(&file, printed()).unwrap();
    let validated = |file: &Path| {
        let mut validator = Command::new(tool("python"));
        validator.args(["-m", "openapi_spec_validator", "--schema", "3.1"]).arg(file).output().unwrap()
    };
    let out = validated(&file);
    assert!(out.status.success(), "{}", said(&out));
    // and the validator does look
    std::fs::write(&file, r#"{"openapi":"3.1.0","info":{"title":"x"},"paths":{}}"#).unwrap();
    assert!(!validated(&file).status.success());
}

/// A gateway each: schemathesis tries every operation three times without a good credential, and an address may be wrong
/// thirty times in ten minutes.
const PARTS: [&str; 3] = [
    "--include-tag users --include-tag gateway --exclude-checks ignored_auth",
    "--include-tag disconnects --include-tag sessions --include-tag keys",
    "--include-tag tokens --include-tag audit",
];
/// What the first part leaves out, as it has too many operations.
const REST: [&str; 2] = [
    "--include-tag users --exclude-method GET --checks ignored_auth --phases coverage",
    "--include-tag users --exclude-method-regex POST|PUT|PATCH|DELETE --checks ignored_auth --phases coverage",
];

#[tokio::test(flavor = "multi_thread")]
async fn the_api_answers_as_its_description_says() {
    let mut tested = 0;
    for part in PARTS {
        tested += tried(part).await;
    }
    for part in REST {
        tried(part).await;
    }
    // all of it was tried; the document itself is what it started from
    let all = operations(&printed());
    assert!(tested > 20 && tested + 1 >= all, "{tested} of {all} operations");
}

/// How many operations of this part were tried without a finding.
async fn tried(part: &str) -> usize {
    let demo = Demo::start(&[]).await;
    let (url, token) = (demo.told["admin_url"].as_str().unwrap(), demo.told["admin_token"].as_str().unwrap());
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/support/schemathesis.toml");
    let folder = tempfile::tempdir().unwrap();
    let mut schemathesis = Command::new(tool("schemathesis"));
    schemathesis.current_dir(folder.path()).env("PORTCULLIS_ADMIN_TOKEN", token).arg("--config-file").arg(config);
    schemathesis.args(["run", "--no-color", &format!("{}/api/v1/openapi.json", url.trim_end_matches('/'))]);
    schemathesis.args(part.split(' '));
    let out = tokio::task::spawn_blocking(move || schemathesis.output().unwrap()).await.unwrap();
    let told = said(&out);
    assert!(out.status.success(), "{told}");
    let tested = told.lines().find_map(|l| l.trim().strip_prefix("Tested: ")).and_then(|n| n.parse().ok());
    tested.unwrap_or_else(|| panic!("how many were tested is not told\n{told}"))
}
