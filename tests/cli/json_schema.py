"""The part of JSON Schema that results.schema.json uses, with the standard library alone."""

TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "number": (int, float), "integer": int}


def violations(value, schema, where="$"):
    """What in `value` is not as `schema` says, one line each."""
    unknown = set(schema) - {"$schema", "title", "description", "type", "enum", "required", "properties",
                             "additionalProperties", "items", "minimum", "pattern", "minItems"}
    if unknown:
        raise ValueError(f"{where}: the schema uses {sorted(unknown)}, which this checker does not know")
    found = []
    kind = schema.get("type")
    if kind is not None and (not isinstance(value, TYPES[kind]) or (isinstance(value, bool) and kind != "boolean")):
        return [f"{where}: {value!r} is not of type {kind}"]
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{where}: {value!r} is not one of {schema['enum']}")
    if "minimum" in schema and value < schema["minimum"]:
        found.append(f"{where}: {value!r} is below {schema['minimum']}")
    if "minItems" in schema and len(value) < schema["minItems"]:
        found.append(f"{where}: fewer than {schema['minItems']} items")
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        for name in schema.get("required", []):
            if name not in value:
                found.append(f"{where}: {name} is missing")
        for name, member in value.items():
            inner = properties.get(name, schema.get("additionalProperties", {}))
            if inner is False:
                found.append(f"{where}: {name} is not allowed")
            elif isinstance(inner, dict):
                found += violations(member, inner, f"{where}.{name}")
    if isinstance(value, list) and "items" in schema:
        for index, item in enumerate(value):
            found += violations(item, schema["items"], f"{where}[{index}]")
    return found
