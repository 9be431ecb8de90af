namespace kvstate::backends {}
