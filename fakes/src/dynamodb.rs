//! AWS `DynamoDB` with one table, speaking AWS JSON 1.0.

mod condition;
mod item;
mod table;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::aws::{AwsFault, Desk, Service};
use crate::dynamodb::table::Table;
use crate::server::{Server, lock};

/// It knows what the function asks of it, and refuses the rest of `DynamoDB`.
///
/// Its items are shown as plain JSON without the key: texts and whole numbers.
/// Expired items stay, since the real table deletes them when it pleases, unless [`remember`]
/// sets a limit.
///
/// [`remember`]: FakeDynamoDb::remember
#[derive(Debug)]
pub struct FakeDynamoDb {
    server: Server,
    desk: Arc<Desk>,
    table: Arc<Mutex<Table>>,
}

impl FakeDynamoDb {
    /// With an empty table.
    pub async fn start() -> Self {
        let fake = Self::in_memory();
        Self { server: fake.server.listen().await, ..fake }
    }

    /// The same, for calls in memory alone.
    pub fn in_memory() -> Self {
        let desk = Arc::new(Desk::new(Service::DynamoDb));
        let table = Arc::new(Mutex::new(Table::default()));
        let server = Server::in_memory({
            let (desk, table) = (desk.clone(), table.clone());
            move |request| {
                let (desk, table) = (desk.clone(), table.clone());
                async move {
                    // One lock for a whole operation is what makes it atomic.
                    let perform = |operation: String, call: Value| async move {
                        lock(&table).perform(&operation, &call)
                    };
                    desk.answer(&request, perform).await
                }
            }
        });
        Self { server, desk, table }
    }

    pub fn server(&self) -> &Server {
        &self.server
    }

    /// The endpoint for the SDK, as in `AWS_ENDPOINT_URL_DYNAMODB`.
    pub fn origin(&self) -> String {
        self.server.origin()
    }

    pub fn table_name(&self) -> &'static str {
        table::NAME
    }

    /// All items by their keys.
    pub fn items(&self) -> BTreeMap<String, Value> {
        lock(&self.table).plain_items()
    }

    pub fn item(&self, key: &str) -> Option<Value> {
        self.items().remove(key)
    }

    /// Puts an item given as a JSON object, over any that was there.
    ///
    /// # Panics
    /// If it is no object, or has anything but texts and whole numbers.
    pub fn put(&self, key: &str, item: &Value) {
        lock(&self.table).put_plain(key, item);
    }

    /// Keeps only the last so many calls, and at most so many items: beyond that, those that expire
    /// first are deleted.
    pub fn remember(&self, calls: usize, items: usize) {
        self.desk.remember(calls);
        lock(&self.table).keep_at_most(items);
    }

    /// Operations and their requests so far, whatever became of them.
    pub fn calls(&self) -> Vec<(String, Value)> {
        self.desk.calls()
    }

    /// The most requests that were in work at the same time.
    pub fn most_at_once(&self) -> usize {
        self.desk.most_at_once()
    }

    /// What happens to the next calls of this operation, or of [`crate::EVERY_OPERATION`].
    pub fn script(&self, operation: &str, faults: impl IntoIterator<Item = AwsFault>) {
        self.desk.script(operation, faults);
    }

    /// What happens to all calls of this operation that have no script.
    pub fn fail_with(&self, operation: &str, fault: AwsFault) {
        self.desk.fail_with(operation, fault);
    }

    /// Forgets all faults, the scripted ones too.
    pub fn recover(&self) {
        self.desk.recover();
    }
}

#[cfg(test)]
mod tests;
