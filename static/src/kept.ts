// The page after saving what can be read once: the server has it, so this browser needs its draft no more.

import { browserStorage, Drafts } from "./drafts";

new Drafts(browserStorage()).drop(location.pathname.slice(1));
