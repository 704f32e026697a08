-- What a gateway does with a route's requests while usage cannot be counted; NULL: the customer's
-- plan decides.
ALTER TABLE route_costs ADD COLUMN on_failure TEXT CHECK (on_failure IN ('open', 'closed'));
