//! Says exactly what the server takes where the types alone do not: how large numbers may be, and what holds nothing else.

use std::collections::BTreeSet;

use utoipa::{
    Modify, Number,
    openapi::{
        KnownFormat, OpenApi, Ref, RefOr, Schema, SchemaFormat,
        schema::{AdditionalProperties, ArrayItems, Object},
    },
};

use super::examples::operations;

/// Says of each parameter, and each number in a body, how large it may be: `int32`, as 32 bits without a sign are called, ends
/// at half of what they hold, and numbers in JSON have no end.
pub(super) struct Bounds;

impl Modify for Bounds {
    fn modify(&self, document: &mut OpenApi) {
        let sent = in_bodies(document);
        let all = document.paths.paths.values_mut().flat_map(operations);
        for parameter in all.filter_map(|operation| operation.parameters.as_mut()).flatten() {
            if let Some(schema) = &mut parameter.schema {
                visit(schema, &mut |schema| bound(schema));
            }
        }
        let components = document.components.get_or_insert_default();
        for (_, schema) in components.schemas.iter_mut().filter(|(name, _)| sent.contains(*name)) {
            visit(schema, &mut |schema| bound(schema));
        }
    }
}

fn bound(schema: &mut Schema) {
    let Schema::Object(number) = schema else { return };
    match &number.format {
        Some(SchemaFormat::KnownFormat(KnownFormat::Int32)) if number.minimum.is_some() => {
            number.format = Some(SchemaFormat::KnownFormat(KnownFormat::Int64));
            number.maximum.get_or_insert(Number::UInt(u32::MAX as usize));
        }
        Some(SchemaFormat::KnownFormat(KnownFormat::Int64)) => {
            number.minimum.get_or_insert(Number::Int(i64::MIN as isize));
            number.maximum.get_or_insert(Number::Int(i64::MAX as isize));
        }
        _ => {}
    }
}

/// Says of alternatives that are told apart by a word that they hold nothing else: the types refuse it, and the generator
/// knows that of structs only.
pub(super) struct Closed;

const ALTERNATIVES: [&str; 7] =
    ["BaselineWindow", "Combine", "Compare", "Input", "NodeMatch", "Scope", "Times"];

impl Modify for Closed {
    fn modify(&self, document: &mut OpenApi) {
        let components = document.components.get_or_insert_default();
        for name in ALTERNATIVES {
            let schema = components.schemas.get_mut(name).expect("the alternatives are schemas");
            visit(schema, &mut |schema| {
                if let Schema::Object(object) = schema
                    && !object.properties.is_empty()
                {
                    close(object);
                }
            });
        }
    }
}

fn close(object: &mut Object) {
    object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
}

/// Names of the schemas that bodies of requests are made of.
fn in_bodies(document: &mut OpenApi) -> BTreeSet<String> {
    let mut names = Vec::new();
    for operation in document.paths.paths.values_mut().flat_map(operations) {
        let bodies = operation.request_body.iter_mut().flat_map(|body| body.content.values_mut());
        for schema in bodies.filter_map(|content| content.schema.as_mut()) {
            references(schema, &mut names);
        }
    }
    let mut all = BTreeSet::new();
    let components = document.components.get_or_insert_default();
    while let Some(name) = names.pop() {
        if let Some(schema) = components.schemas.get_mut(&name)
            && all.insert(name)
        {
            references(schema, &mut names);
        }
    }
    all
}

fn references(schema: &mut RefOr<Schema>, names: &mut Vec<String>) {
    walk(schema, &mut |part| {
        if let RefOr::Ref(Ref { ref_location, .. }) = part {
            names.extend(ref_location.rsplit('/').next().map(str::to_owned));
        }
    });
}

/// Does something to a schema and all that it is made of, but for what it refers to.
fn visit(schema: &mut RefOr<Schema>, act: &mut impl FnMut(&mut Schema)) {
    walk(schema, &mut |part| {
        if let RefOr::T(schema) = part {
            act(schema);
        }
    });
}

fn walk(schema: &mut RefOr<Schema>, act: &mut dyn FnMut(&mut RefOr<Schema>)) {
    act(schema);
    let RefOr::T(schema) = schema else { return };
    match schema {
        Schema::Array(array) => {
            if let ArrayItems::RefOrSchema(items) = &mut array.items {
                walk(items, act);
            }
        }
        Schema::Object(object) => {
            object.properties.values_mut().for_each(|schema| walk(schema, act));
            if let Some(AdditionalProperties::RefOr(schema)) =
                object.additional_properties.as_deref_mut()
            {
                walk(schema, act);
            }
        }
        Schema::OneOf(one_of) => one_of.items.iter_mut().for_each(|schema| walk(schema, act)),
        Schema::AllOf(all_of) => all_of.items.iter_mut().for_each(|schema| walk(schema, act)),
        Schema::AnyOf(any_of) => any_of.items.iter_mut().for_each(|schema| walk(schema, act)),
        _ => {}
    }
}
