import assert from "node:assert/strict";
import test from "node:test";
import { pageTitle } from "../title";

test("the tab says the title, and that there is none", () => {
  assert.equal(pageTitle(" Primes ", "Python"), "Primes · Python · CodeCube");
  assert.equal(pageTitle(" ", "Go"), "Untitled · Go · CodeCube");
});
