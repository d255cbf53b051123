//! Single answers: one object as it is, the columns of the server's own table of a kind, and how a custom kind wants
//! to be printed.

use serde_json::Value;

use crate::api::call::{Problem, accept};
use crate::api::connect::Connection;
use crate::kinds::custom::definition::{Version, versions};
use crate::kinds::custom::table;
use crate::kinds::{Column, Kind, ObjectRef};
use crate::wire::request::escape;

/// Fetches one object, whole.
pub async fn object(connection: &Connection, kind: &Kind, key: &ObjectRef) -> Result<Value, Problem> {
    let path = format!("{}/{}", kind.path(key.namespace.as_deref()), escape(&key.name));
    parse(&connection.json(&path, accept::JSON).await?)
}

/// Fetches the objects of a list by its path and query.
pub async fn items(connection: &Connection, path: &str) -> Result<Vec<Value>, Problem> {
    let mut list: Value = parse(&connection.json(path, accept::JSON).await?)?;
    match list.get_mut("items").map(Value::take) {
        Some(Value::Array(items)) => Ok(items),
        _ => Err(Problem::Garbled(format!("{path} is no list"))),
    }
}

/// Fetches the columns by which the server prints a kind; none where it prints no tables of it.
pub async fn table_columns(connection: &Connection, kind: &Kind) -> Result<Option<Vec<Column>>, Problem> {
    let path = format!("{}?limit=1&includeObject=Metadata", kind.path(None));
    Ok(table::columns(&connection.json(&path, accept::TABLE).await?))
}

/// Fetches the printer columns of a custom kind, in the version that requests use; none for a kind of an aggregated API.
pub async fn printer_columns(connection: &Connection, kind: &Kind) -> Result<Option<Version>, Problem> {
    let name = format!("{}.{}", kind.plural, kind.group);
    let path = format!("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}");
    let found = match connection.json(&path, accept::JSON).await {
        Ok(answer) => versions(&answer).ok_or_else(|| Problem::Garbled(format!("{name} is no definition")))?,
        Err(problem) if problem.refusal().is_some_and(|refusal| refusal.code == 404) => return Ok(None),
        Err(problem) => return Err(problem),
    };
    Ok(found.into_iter().find(|version| *version.name == *kind.version))
}

fn parse<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(bytes).map_err(|error| Problem::Garbled(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::fake::{Fake, answer, json};
    use crate::kinds::{Catalog, POD};

    fn pods() -> Kind {
        Catalog::builtin().get(POD).unwrap().clone()
    }

    #[tokio::test]
    async fn an_object_is_fetched_by_its_name_whatever_the_name_holds() {
        let fake = Fake::new([json(r#"{"kind":"Pod","odd":1}"#)]);
        let key = ObjectRef::new(POD, "shop", "my pod:a");
        let object = object(&fake.connection(), &pods(), &key).await.unwrap();
        assert_eq!(object["odd"], 1);
        assert_eq!(fake.lines(), ["GET /api/v1/namespaces/shop/pods/my%20pod%3Aa"]);
    }

    #[tokio::test]
    async fn a_table_tells_its_columns_and_a_plain_list_none() {
        let text = r#"{"kind":"Table","columnDefinitions":[{"name":"Name","type":"string","format":"name","priority":0},
            {"name":"Secrets","type":"string","priority":0}],"rows":[]}"#;
        let fake = Fake::new([json(text), json(r#"{"kind":"PodList","items":[]}"#)]);
        let connection = fake.connection();
        let columns = table_columns(&connection, &pods()).await.unwrap().unwrap();
        assert_eq!(columns.iter().map(|c| &*c.name).collect::<Vec<_>>(), ["NAME", "SECRETS"]);
        assert_eq!(table_columns(&connection, &pods()).await.unwrap(), None);
    }

    #[tokio::test]
    async fn printer_columns_are_those_of_the_version_in_use() {
        let text = r#"{"spec":{"versions":[{"name":"v1beta1"},{"name":"v1","additionalPrinterColumns":
            [{"name":"Ready","type":"string","jsonPath":".status.ready","priority":1}]}]}}"#;
        let fake = Fake::new([json(text), answer(404, "application/json", r#"{"code":404,"status":"Failure"}"#)]);
        let connection = fake.connection();
        let columns = printer_columns(&connection, &pods()).await.unwrap();
        let names: Vec<_> = columns.unwrap().columns.iter().map(|column| column.name.to_string()).collect();
        assert_eq!(names, ["NAME", "READY"]);
        assert_eq!(printer_columns(&connection, &pods()).await.unwrap(), None);
    }
}
