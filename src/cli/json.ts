import { CommandError } from './command-error.ts'

/** Any JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject
export interface JsonObject {
  readonly [name: string]: Json
}

/** JSON text as an object; `server.response_invalid` for anything else. */
export function parseJsonObject(text: string): JsonObject {
  let value: Json
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw CommandError.of('server.response_invalid', 'what answered is not an Alcazar server: no JSON came back', cause)
  }
  if (!isObject(value)) throw unexpected('an object')
  return value
}

/** The items of a list `{ items, next }`. */
export function itemsOf(list: JsonObject): readonly JsonObject[] {
  const { items } = list
  if (!isArray(items) || !items.every(isObject)) throw unexpected('`items`')
  return items
}

/** The strings of a field. */
export function stringsOf(object: JsonObject, name: string): readonly string[] {
  const value = object[name]
  if (!isArray(value) || !value.every((item) => typeof item === 'string')) throw unexpected(`\`${name}\``)
  return value
}

/** The string of a field. */
export function stringOf(object: JsonObject, name: string): string {
  const value = object[name]
  if (typeof value !== 'string') throw unexpected(`\`${name}\``)
  return value
}

/** A field that is an object; an empty one where it is not. */
export function objectOf(object: JsonObject, name: string): JsonObject {
  const value = object[name]
  return isObject(value) ? value : {}
}

/** A field that is a list of objects; an empty one where it is not. */
export function objectsOf(object: JsonObject, name: string): readonly JsonObject[] {
  const value = object[name]
  return isArray(value) ? value.filter(isObject) : []
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isArray(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value)
}

function unexpected(what: string): CommandError {
  return CommandError.of('server.response_invalid', `the server's answer has no ${what}: is it of another version?`)
}
