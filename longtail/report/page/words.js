// The plain words beside the technical ones.

const MODELS = {
  hybrid: "all models blended into one list",
  ranked: "the blend, put in order by a trained ranker",
  covisit: "seen together within sessions",
  rp3beta: "liked by people who liked the same products",
  deepwalk: "met in the same surroundings",
  node2vec: "met in the same surroundings, near ones first",
  successors: "what usually comes next",
  group_knn: "what the most similar shoppers took",
  popularity: "the same bestsellers for everybody",
  "popular in category": "bestsellers of the categories somebody looked at",
};

const MEASURES = {
  recall: "share of what people took next that was in their list",
  ndcg: "the same, with more credit the higher up it stood",
  hit_rate: "share of people with at least one hit",
  mrr: "1 / place of the first hit, averaged",
  precision: "share of the list that people took next",
};

const LISTS = {
  coverage: ["Coverage", "share of all products that somebody was shown", percent],
  long_tail_share: [
    "Long tail",
    "share of places for products outside the head of 80 % of interactions",
    percent,
  ],
  novelty: [
    "Novelty",
    "surprise at a product in bits: one more bit means that half as many people know it",
    (value) => value.toFixed(1),
  ],
  category_diversity: [
    "Diversity",
    "share of pairs in a list that are of different categories",
    percent,
  ],
  exposure_gini: [
    "Gini",
    "how unevenly places fall on products: 0 evenly, 1 all on one",
    (value) => value.toFixed(2),
  ],
};

const RULES = {
  "clean event": "usable, and learned from",
  repeat: "the same user on the same product again within a session: it counts once",
  "short stay": "the next product came so fast that this one was hardly seen",
  robot: "more clicks or purchases than a person makes",
  "exact duplicate": "the same row twice in the files",
  "after the log's end (clock)": "days or decades ahead: a clock that runs fast",
};

// What somebody did with a product; other event types of a shop keep their name.
const DEEDS = {
  view: (product) => `they viewed ${product}`,
  search: (product) => `they searched for ${product}`,
  cart: (product) => `they put ${product} in the cart`,
  purchase: (product) => `they bought ${product}`,
  remove_from_cart: (product) => `they took ${product} out of the cart`,
};

const deed = (type, product) =>
  DEEDS[type]?.(product) ?? (type ? `of the event ${spaced(type)} with ${product}` : `of ${product}`);

const PURITY = "share of a cluster's products that are of its largest category";
