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
}
