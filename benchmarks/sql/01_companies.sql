-- Customers, suppliers and forwarders; two Chinese characters of a name are shared by some fifty companies.
INSERT INTO customers_company (id, code, name, name_en, is_customer, is_dealer, is_supplier, is_forwarder, country,
    city, address, grade, timezone, language, team_id, owner_id, note, created_at, version)
SELECT i, 'C' || lpad(i::text, 5, '0'),
    substr('东峰华泰精达鑫海力德三和远大中科永信广源绿洲浩宇锦绣天翼美华宏盛北方润达凯勒恒跃', 2 * (i %% 20) + 1, 2)
        || substr('机械包装零件化工电梯食品暖通仪表五金塑胶照明家具针织印染制衣材料轴承液压户外工具玩具厨具箱包鞋业纸品', 2 * (i / 20 %% 25) + 1, 2)
        || (i / 500) || '有限公司',
    (ARRAY['Nordhaus', 'Keller', 'Blue Ridge', 'Pacifica', 'Hartwell', 'Westbrook', 'Costabella', 'Hanabishi'])[1 + i %% 8]
        || ' Trading ' || i,
    i %% 100 < 80, false, i %% 100 BETWEEN 80 AND 97, i %% 100 > 97,
    (ARRAY['DE', 'US', 'GB', 'JP', 'FR', 'NL', 'CN', 'AU', 'BR', 'AE'])[1 + i %% 10],
    '', '', (ARRAY['A', 'B', 'C'])[1 + i %% 3], '', '', NULL, NULL, '', %(now)s, 1
FROM generate_series(1, %(companies)s) AS i;
