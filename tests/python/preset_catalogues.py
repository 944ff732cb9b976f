"""Made-up files in the shape of each preset's catalogue."""

from preset_logs import parquet, text

# Preset to: its catalogue's file; the first product: id, name, category id and code, brand.
CATALOGUES: dict[str, tuple[bytes, tuple]] = {
    "hm": (
        text(
            "article_id,product_code,prod_name,product_type_no,product_type_name,"
            "product_group_name,index_group_name,section_name,garment_group_name,detail_desc",
            "0108775015,0108775,Strap top,253,Vest top,Garment Upper body,Ladieswear,"
            'Womens Everyday Basics,Jersey Basic,"Jersey top, narrow straps."',
        ),
        (
            *("0108775015", "Strap top", None),
            *("Ladieswear.Womens Everyday Basics.Vest top", None),
        ),
    ),
    "movielens": (
        text("movieId,title,genres", '11,"American President, The (1995)",Comedy|Drama'),
        ("11", "American President, The (1995)", None, "Comedy", None),
    ),
    "complete_journey": (
        parquet(
            {
                **{"product_id": "25671", "manufacturer_id": "2", "department": "GROCERY"},
                **{"brand": "National", "product_category": "FRZN ICE"},
                **{"product_type": "ICE - CRUSHED/CUBED", "package_size": "22 LB"},
            }
        ),
        ("25671", None, None, "GROCERY.FRZN ICE.ICE - CRUSHED/CUBED", "National"),
    ),
    "instacart": (
        text("product_id,product_name,aisle_id,department_id", "33120,Eggs,86,16"),
        ("33120", "Eggs", "86", None, None),
    ),
    "olist": (
        text("product_id,product_category_name,product_photos_qty", "1e9eff,perfumaria,1"),
        ("1e9eff", None, None, "perfumaria", None),
    ),
    "retailrocket": (
        text(
            "timestamp,itemid,property,value",
            "1435460400000,460429,categoryid,1338",
            "1441508400000,460429,888,1116713 960601 n277.200",
        ),
        ("460429", None, "1338", "1338", None),
    ),
}

SIDE_FILES = {"retailrocket": {"category_tree.csv": text("categoryid,parentid", "1338,")}}
"""Preset to the files that its catalogue_tables name."""

RETAILROCKET = {
    "item_properties_part1.csv": text(
        "timestamp,itemid,property,value",
        "1435460400000,460429,categoryid,1338",
        "1441508400000,206783,888,1116713 960601 n277.200",
        "1439089200000,206783,categoryid,1116",
        "1431226800000,206783,available,1",
        "1441508400000,206783,available,0",
    ),
    "item_properties_part2.csv": text(
        "timestamp,itemid,property,value",
        "1442113200000,206783,categoryid,1509",
        "1442113200000,460429,available,1",
        "1433041200000,460429,available,0",
        "1442113200000,396000,categoryid,9999",
    ),
    "category_tree.csv": text("categoryid,parentid", "1509,1116", "1116,140", "140,", "1338,"),
}
"""Item properties over two files: the last value of each counts, whatever its place."""
