import { setTimeout as pause } from "node:timers/promises";

interface Place {
  name: string;
  version: string;
}

function greet(place: Place): string {
  return `This is TypeScript on ${place.name} ${place.version}.`;
}

console.log("Hello, world!");
console.log(greet({ name: "Node.js", version: process.versions.node }));

for (const number of [3, 2, 1]) {
  process.stdout.write(`${number}... `);
  await pause(200);
}
console.log("go: change me and press Run.");
