// The plain words beside the technical ones.

const MODELS = {
  hybrid: "all models blended into one list",
  ranked: "candidates ordered by a trained ranker",
  covisit: "seen together within sessions",
  rp3beta: "taken by users who took the same products",
  deepwalk: "seen in the same contexts",
  node2vec: "seen in the same contexts, near ones first",
  successors: "what usually comes next",
  group_knn: "what the most similar users took",
  popularity: "the same bestsellers for every user",
  "popular in category": "bestsellers of the user's first category",
};

const MEASURES = {
  recall: "share of what users took next that was in their lists",
  ndcg: "the same, with more credit for higher places",
  hit_rate: "share of users with at least one hit",
  mrr: "1 / place of the first hit, averaged",
  precision: "share of the list that users took next",
};

const LISTS = {
  coverage: ["Coverage", "share of all products that are in at least one list", percent],
  long_tail_share: [
    "Long tail",
    "share of places for products outside the head of 80 % of interactions",
    percent,
  ],
  novelty: [
    "Novelty",
    "rarity of a product in bits: one more bit means that half as many users know it",
    (value) => value.toFixed(1),
  ],
  category_diversity: [
    "Diversity",
    "share of pairs in a list that are of different categories",
    percent,
  ],
  exposure_gini: [
    "Gini",
    "how unevenly products get places: 0 evenly, 1 one product gets all",
    (value) => value.toFixed(2),
  ],
};

const RULES = {
  "clean event": "usable, and learned from",
  repeat: "the same user on the same product again within a session: it counts once",
  "short stay": "the next product came so fast that this one was hardly seen",
  robot: "more clicks or purchases than people make",
  "exact duplicate": "the same row twice in the files",
  "after the log's end (clock)": "days or decades ahead: a clock that runs fast",
};

// What a user did with a product; other event types of a shop keep their name.
const DEEDS = {
  view: (product) => `they viewed ${product}`,
  search: (product) => `they searched for ${product}`,
  cart: (product) => `they put ${product} in the cart`,
  purchase: (product) => `they bought ${product}`,
  remove_from_cart: (product) => `they took ${product} out of the cart`,
};

const deed = (type, product) =>
  DEEDS[type]?.(product) ?? (type ? `of the event ${spaced(type)} with ${product}` : `of ${product}`);

const GATES =
  "checks of a build before its tables are published; a closed one keeps the earlier tables in place";
const PURITY = "share of a cluster's products that are of its largest category";
