//! The demo's folder: keys, configuration, policy and store, gone when it is dropped.

use crate::cli::failure::Failure;
use crate::cli::keys;
use crate::sys::{Entropy, random};
use data_encoding::HEXLOWER;
use std::fs::{self, DirBuilder};
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// A folder of our own below the system's temporary one, closed to others.
#[derive(Debug)]
pub struct Folder(PathBuf);

/// What the demo's configuration is about.
#[derive(Debug)]
pub struct Site {
    pub listen: SocketAddr,
    pub upstream: SocketAddr,
    /// URL of a Redis; `None`: embedded.
    pub store: Option<String>,
}

impl Site {
    /// `localhost`, not the address: browsers let it set up what they keep for secure origins, and nothing else does.
    pub fn url(&self) -> String {
        format!("http://localhost:{}", self.listen.port())
    }
}

impl Folder {
    pub fn make(entropy: &dyn Entropy) -> Result<Self, Failure> {
        let name = format!("portcullis-demo-{}", HEXLOWER.encode(&random::<6>(entropy)));
        let path = std::env::temp_dir().join(name);
        let made = DirBuilder::new().mode(0o700).create(&path);
        made.map_err(|e| Failure::refused(format!("{}: cannot make the demo's folder: {e}", path.display())))?;
        Ok(Folder(path))
    }

    /// Writes the files; gives the configuration's path.
    pub fn furnish(&self, site: &Site) -> Result<PathBuf, Failure> {
        keys::generate(&self.0.join("keys.yaml"))?;
        write(&self.0.join("policy.yaml"), POLICY)?;
        let file = self.0.join("portcullis.yaml");
        write(&file, &configuration(site))?;
        Ok(file)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // nobody is left to tell; the system sweeps its temporary folder
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    fs::write(path, text).map_err(|e| Failure::refused(format!("{}: cannot write: {e}", path.display())))
}

fn configuration(site: &Site) -> String {
    let store = match &site.store {
        // JSON strings are YAML strings, whatever is in them
        Some(url) => format!("redis: {{ url: {} }}", serde_json::Value::from(url.as_str())),
        None => "embedded: { path: portcullis.db }".into(),
    };
    format!(
        "listen:
  public: {{ address: '{listen}' }}
  admin: {{ address: '127.0.0.1:0', socket: admin.sock }}
apps:
  - name: legacy
    origins: ['{url}']
    upstreams: ['http://{upstream}']
    identity_headers: {{ user: X-Auth-User, groups: X-Auth-Groups, email: X-Auth-Email, assertion: X-Auth-Assertion }}
store: {{ {store} }}
keys: {{ file: keys.yaml }}
policy: {{ file: policy.yaml }}
",
        listen = site.listen,
        url = site.url(),
        upstream = site.upstream,
    )
}

const POLICY: &str = "version: 1
mfa: { require: optional }
admins: { groups: [admin] }
rules:
  - { name: open to all, match: { path: /public/ }, allow: public }
  - { name: admins with two factors, match: { path: /admin/, groups: [admin] }, require: { factors: two } }
  - { name: nobody else there, match: { path: /admin/ }, deny: true }
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::sys::SystemEntropy;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_gateway_accepts_what_the_demo_writes() {
        for store in [None, Some("redis://127.0.0.1:6379".to_owned())] {
            let folder = Folder::make(&SystemEntropy).unwrap();
            let site = Site { listen: ([127, 0, 0, 1], 8080).into(), upstream: ([127, 0, 0, 1], 9000).into(), store };
            let file = folder.furnish(&site).unwrap();
            let loaded = Config::load(&file).map(|(_, warnings)| warnings);
            assert_eq!(loaded, Ok(vec![]));
        }
    }

    #[test]
    fn the_folder_is_closed_to_others_and_goes() {
        let folder = Folder::make(&SystemEntropy).unwrap();
        let path = folder.0.clone();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        fs::write(path.join("x"), "x").unwrap();
        drop(folder);
        assert!(!path.exists());
    }
}
