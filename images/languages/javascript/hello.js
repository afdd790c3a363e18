import { setTimeout as pause } from "node:timers/promises";

console.log("Hello, world!");
console.log(`This is Node.js ${process.versions.node}, in a container.`);

for (const number of [3, 2, 1]) {
  process.stdout.write(`${number}... `);
  await pause(200);
}
console.log("go: change me and press Run.");
