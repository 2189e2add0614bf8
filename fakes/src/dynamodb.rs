//! AWS `DynamoDB` with the function's two tables, speaking AWS JSON 1.0.

mod condition;
mod item;
mod table;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::aws::{AwsError, AwsFault, Desk, Service};
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
    tables: Arc<Mutex<Tables>>,
}

/// The ledger, and the table of expectations.
#[derive(Debug)]
struct Tables {
    ledger: Table,
    expect: Table,
}

const LEDGER: &str = "order-alerts-ledger";
const EXPECT: &str = "order-alerts-expect";

impl Tables {
    fn perform(&mut self, operation: &str, call: &Value) -> Result<Value, AwsError> {
        let table = match call["TableName"].as_str() {
            Some(LEDGER) => &mut self.ledger,
            Some(EXPECT) => &mut self.expect,
            _ if ["GetItem", "PutItem", "Query", "DeleteItem"].contains(&operation) => {
                let message = "Requested resource not found";
                return Err(AwsError::new("ResourceNotFoundException", message));
            }
            _ => &mut self.ledger,
        };
        table.perform(operation, call)
    }
}

impl FakeDynamoDb {
    /// With empty tables.
    pub async fn start() -> Self {
        let fake = Self::in_memory();
        Self { server: fake.server.listen().await, ..fake }
    }

    /// The same, for calls in memory alone.
    pub fn in_memory() -> Self {
        let desk = Arc::new(Desk::new(Service::DynamoDb));
        let tables = Tables { ledger: Table::new(false), expect: Table::new(true) };
        let tables = Arc::new(Mutex::new(tables));
        let server = Server::in_memory({
            let (desk, tables) = (desk.clone(), tables.clone());
            move |request| {
                let (desk, tables) = (desk.clone(), tables.clone());
                async move {
                    // One lock for a whole operation is what makes it atomic.
                    let perform = |operation: String, call: Value| async move {
                        lock(&tables).perform(&operation, &call)
                    };
                    desk.answer(&request, perform).await
                }
            }
        });
        Self { server, desk, tables }
    }

    pub fn server(&self) -> &Server {
        &self.server
    }

    /// The endpoint for the SDK, as in `AWS_ENDPOINT_URL_DYNAMODB`.
    pub fn origin(&self) -> String {
        self.server.origin()
    }

    pub fn table_name(&self) -> &'static str {
        LEDGER
    }

    /// The table of expectations.
    pub fn expect_table_name(&self) -> &'static str {
        EXPECT
    }

    /// All items of the ledger by their keys.
    pub fn items(&self) -> BTreeMap<String, Value> {
        lock(&self.tables).ledger.plain_items()
    }

    /// All items of the table of expectations, by key and sort key with a blank between them.
    pub fn expected(&self) -> BTreeMap<String, Value> {
        lock(&self.tables).expect.plain_items()
    }

    pub fn item(&self, key: &str) -> Option<Value> {
        self.items().remove(key)
    }

    /// Whether the table of expectations has an item whose key begins so.
    pub fn expects(&self, key: &str) -> bool {
        lock(&self.tables).expect.has(key)
    }

    /// Puts an item of the ledger, given as a JSON object, over any that was there.
    ///
    /// # Panics
    /// If it is no object, or has anything but texts and whole numbers.
    pub fn put(&self, key: &str, item: &Value) {
        lock(&self.tables).ledger.put_plain((key, ""), item);
    }

    /// The same in the table of expectations.
    ///
    /// # Panics
    /// As [`put`](Self::put).
    pub fn put_expected(&self, key: &str, sort_key: &str, item: &Value) {
        lock(&self.tables).expect.put_plain((key, sort_key), item);
    }

    /// All items of the ledger as `DynamoDB`'s own JSON writes them, with their keys.
    pub fn wire_items(&self) -> Vec<Value> {
        lock(&self.tables).ledger.wire_items()
    }

    /// Puts such an item over any that was there.
    ///
    /// # Panics
    /// If it has no key, or anything but texts and whole numbers.
    pub fn put_wire(&self, item: &Value) {
        lock(&self.tables).ledger.put_wire(item);
    }

    /// Keeps only the last so many calls, and at most so many items: beyond that, those that expire
    /// first are deleted.
    pub fn remember(&self, calls: usize, items: usize) {
        self.desk.remember(calls);
        let mut tables = lock(&self.tables);
        tables.ledger.keep_at_most(items);
        tables.expect.keep_at_most(items);
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
