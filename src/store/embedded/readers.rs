//! A few connections that only read, used from blocking threads.

use super::schema;
use crate::store::{Result, StoreError};
use crate::sys::lock;
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use tokio::sync::Semaphore;

pub(super) struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    places: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn of(path: &Path) -> Self {
        Readers { path: path.to_owned(), idle: Mutex::default(), places: Arc::new(Semaphore::new(PLACES)) }
    }

    pub(super) async fn run<T, F>(self: &Arc<Self>, f: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        const DOING: &str = "reading the embedded database";
        let place = self.places.clone().acquire_owned().await.map_err(|e| StoreError::unavailable(DOING, e))?;
        let this = self.clone();
        let reading = tokio::task::spawn_blocking(move || {
            let db = this.connection()?;
            let found = f(&db);
            lock(&this.idle).push(db);
            drop(place); // not before: a caller that went away must not let more connections open
            found
        });
        reading.await.map_err(|e| StoreError::unavailable(DOING, e))?
    }

    fn connection(&self) -> Result<Connection> {
        if let Some(db) = lock(&self.idle).pop() {
            return Ok(db);
        }
        let db = Connection::open(&self.path)?;
        schema::prepare_reader(&db)?;
        Ok(db)
    }
}

/// The node's cache stands before these reads; more would only compete for the same disk.
const PLACES: usize = 4;
